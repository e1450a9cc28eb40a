/** One of the places that a worker fills, and how soon the next one comes when it ends. */

import type { ChildProcess } from "node:child_process";

/** Milliseconds before a worker is replaced: at first, at most, and how long one must live to count as sound. */
const [shortestWait, longestWait, soundLife] = [100, 10_000, 10_000];

export class Slot {
  readonly number: number;
  child: ChildProcess | undefined;
  isReady = false;
  #startedAt = 0;
  #wait: number = shortestWait;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(number: number) {
    this.number = number;
  }

  /** Starts a worker, if it can be. */
  start(fork: () => ChildProcess): ChildProcess {
    this.#startedAt = performance.now();
    this.isReady = false;
    return this.child = fork();
  }

  /** Calls back when it is time for another worker; tells the milliseconds until then. */
  retry(fill: () => void): number {
    const isSound = performance.now() - this.#startedAt > soundLife;
    const wait = isSound ? shortestWait : this.#wait;
    this.#wait = Math.min(wait * 2, longestWait);
    this.#timer = setTimeout(fill, wait);
    return wait;
  }

  /** Nobody is to come any more. */
  retire(): void {
    clearTimeout(this.#timer);
  }
}
