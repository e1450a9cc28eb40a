/** One clock for all deadlines of a server: cheaper than a timer for each, and exact enough for minutes. */

import { clearInterval, setInterval } from "node:timers";
import type { Deadline, Deadlines } from "./session/deadline.ts";

/** A loop that is always late must not keep everybody for ever. */
const mostLate = 5;

export class Sweep implements Deadlines {
  readonly #interval: number;
  readonly #watched = new Set<Deadline>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #lookedAt = 0;
  /** How many looks in a row came late. */
  #late = 0;
  #isOver = false;

  /** @param interval milliseconds between two looks: how late a deadline may be noticed. */
  constructor(interval: number) {
    this.#interval = interval;
  }

  add(deadline: Deadline): void {
    if (this.#isOver) return deadline.expire();
    this.#watched.add(deadline);
    if (this.#timer !== undefined) return;
    this.#lookedAt = performance.now();
    this.#timer = setInterval(() => this.#look(), this.#interval);
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
    // While something blocked the loop nobody was listened to: what came in time is read before the next look.
    this.#late = now - this.#lookedAt > 2 * this.#interval ? this.#late + 1 : 0;
    this.#lookedAt = now;
    if (this.#late > 0 && this.#late <= mostLate) return;
    for (const watched of this.#watched) if (watched.deadline <= now) watched.expire();
  }
}
