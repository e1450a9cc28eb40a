/** How long a handler may think. */

import type { Deadline } from "../session/deadline.ts";

/** One handler's time. When it is up the handler's signal is aborted, and what was waited for fails. */
export class TimeLimit implements Deadline {
  deadline: number;
  readonly #milliseconds: number;
  #controller: AbortController | undefined;
  #reject: ((reason: unknown) => void) | undefined;
  #reason: DOMException | undefined;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
    this.deadline = performance.now() + milliseconds;
  }

  /** Aborted when the time is up. Made only for those who ask, who are few. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** Throws when the time is up before anything was begun: the server has stopped. */
  throwIfOver(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  /** The promise's outcome, or a rejection with a `TimeoutError` when it is too late for one. */
  within<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#reason !== undefined) reject(this.#reason);
      this.#reject = reject;
      // An outcome that comes too late goes nowhere, and is no unhandled rejection.
      promise.then(resolve, reject);
    });
  }

  /** The same outcome, from which on the clock runs again: the client's time is not the handler's. */
  async without<T>(promise: Promise<T>): Promise<T> {
    const left = this.deadline - performance.now();
    this.deadline = Infinity;
    try {
      return await promise;
    } finally {
      this.deadline = performance.now() + left;
    }
  }

  expire(): void {
    this.#reason = new DOMException(
      `The handler did not answer within ${this.#milliseconds / 1000} s, or the server stopped`,
      "TimeoutError",
    );
    this.#controller?.abort(this.#reason);
    this.#reject?.(this.#reason);
  }
}
