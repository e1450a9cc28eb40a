/** One clock for all deadlines of a server: cheaper than a timer for each, and exact enough for minutes. */

import { clearInterval, setInterval } from "node:timers";
import type { Deadline } from "./session/deadline.ts";

export class Sweep {
  readonly #interval: number;
  readonly #watched = new Set<Deadline>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #isOver = false;

  /** @param interval milliseconds between two looks: how late a deadline may be noticed. */
  constructor(interval: number) {
    this.#interval = interval;
  }

  add(deadline: Deadline): void {
    if (this.#isOver) return deadline.expire();
    this.#watched.add(deadline);
    this.#timer ??= setInterval(() => this.#look(), this.#interval);
  }

  delete(deadline: Deadline): void {
    this.#watched.delete(deadline);
  }

  /** Treats every deadline as passed, and every one that is still to come. */
  expireAll(): void {
    this.#isOver = true;
    for (const deadline of this.#watched) deadline.expire();
  }

  #look(): void {
    // The clock stops by itself: a process with nothing to wait for can end.
    if (this.#watched.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const now = performance.now();
    for (const watched of this.#watched) if (watched.deadline <= now) watched.expire();
  }
}
