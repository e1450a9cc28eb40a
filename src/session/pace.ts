/** How slow a message may be. */

import type { SessionOptions } from "./options.ts";

/**
 * One message's time, however many blocks, chunks and pauses it has: each block has `timeouts.block`, and all of them
 * together have as long as the slowest rate allows. Whoever drips octets in does not get more by asking often.
 */
export class Pace {
  readonly #options: SessionOptions;
  readonly #startedAt = performance.now();
  #octets = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Octets came. */
  count(octets: number): void {
    this.#octets += octets;
  }

  /** Milliseconds for the next octets. Not above 0 when the client has been too slow already. */
  get patience(): number {
    const { timeouts, minDataRate } = this.#options;
    const left = this.#startedAt + timeouts.block + this.#octets * 1000 / minDataRate - performance.now();
    return Math.min(timeouts.block, left);
  }
}
