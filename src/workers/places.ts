/** A worker's places, which its parent counts: the limits hold exactly, and a connection waits for one answer. */

import type { Full, Places } from "../places.ts";
import type { FromWorker } from "./messages.ts";

/** How long the news that a place is free may wait for company, in milliseconds. */
const leisure = 10;

export class SharedPlaces implements Places {
  readonly #tell: (message: FromWorker) => void;
  /** Who waits for an answer, in the order of asking. */
  readonly #waiting: ((full: Full | undefined) => void)[] = [];
  #taken: string[] = [];
  #left: string[] = [];
  #isConnected = true;

  constructor(tell: (message: FromWorker) => void) {
    this.#tell = tell;
  }

  take(address: string): Promise<Full | undefined> | undefined {
    // Without a parent nothing is accepted any more; the last few need not be counted.
    if (!this.#isConnected) return undefined;
    // One question for all that this turn of the event loop brings.
    if (this.#taken.length === 0) setImmediate(() => this.#send());
    this.#taken.push(address);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  leave(address: string): void {
    if (this.#left.length === 0) setTimeout(() => this.#send(), leisure);
    this.#left.push(address);
  }

  /** The parent's answers. */
  hear(answers: readonly (Full | null)[]): void {
    for (const full of answers) this.#waiting.shift()?.(full ?? undefined);
  }

  /** The parent is gone. */
  disconnected(): void {
    this.#isConnected = false;
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }

  #send(): void {
    // What waited may have gone with a question.
    if (this.#taken.length === 0 && this.#left.length === 0) return;
    const [taken, left] = [this.#taken, this.#left];
    this.#taken = [];
    this.#left = [];
    this.#tell({ type: "places", taken, left });
  }
}
