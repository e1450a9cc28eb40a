/** One clock for all deadlines of a server: cheaper than a timer for each, and exact enough for minutes. */

import { clearInterval, setInterval } from "node:timers";
import type { Deadline } from "./session/deadline.ts";

export class Sweep {
  readonly #interval: number;
  readonly #watched = new Set<Deadline>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #lookedAt = 0;
  /** Whether the last look came so late that nobody was blamed for it. */
  #wasLate = false;
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
    this.#wasLate = !this.#wasLate && now - this.#lookedAt > 2 * this.#interval;
    this.#lookedAt = now;
    if (this.#wasLate) return;
    for (const watched of this.#watched) if (watched.deadline <= now) watched.expire();
  }
}
