/** A worker's places: some are its own, for the others it asks the parent, who lends them to whoever needs them. */

import type { ServerLimits } from "../limits.ts";
import { CountedPlaces, type Full, type Places } from "../places.ts";
import type { FromWorker } from "./messages.ts";

/** How limits are parted between workers and their parent. */
export interface Parted {
  /** What each worker may let in without asking. */
  readonly own: CountedPlaces;
  /** What the parent may lend, all workers together. */
  readonly lent: CountedPlaces;
}

/**
 * Half of each limit belongs to the workers, in equal parts, the other half is lent: there are never more connections
 * than the limits allow, and a worker asks only when it has many. Limits too small to be parted are lent whole.
 */
export function partedPlaces({ maxConnections, maxConnectionsPerAddress }: ServerLimits, workers: number): Parted {
  const limits = [maxConnections, maxConnectionsPerAddress] as const;
  const parts = limits.map((limit) => Math.floor(limit / 2 / workers));
  const [own, ownPerAddress] = parts.includes(0) ? [0, 0] : parts as [number, number];
  return {
    own: new CountedPlaces(own, ownPerAddress),
    lent: new CountedPlaces(maxConnections - own * workers, maxConnectionsPerAddress - ownPerAddress * workers),
  };
}

/** How long news that nobody waits for may wait for company, in milliseconds. */
const leisure = 10;

export class SharedPlaces implements Places {
  readonly #tell: (message: FromWorker) => void;
  readonly #own: CountedPlaces;
  /** By address. */
  readonly #borrowed = new Map<string, number>();
  #connections = 0;
  /** Who waits for an answer, in the order of asking. */
  readonly #waiting: { readonly address: string; answer(full: Full | undefined): void }[] = [];
  #asked: string[] = [];
  #returned: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isConnected = true;

  constructor(tell: (message: FromWorker) => void, own: CountedPlaces) {
    this.#tell = tell;
    this.#own = own;
  }

  take(address: string): Promise<Full | undefined> | undefined {
    // Without a parent nothing is accepted any more; the last few need not be counted.
    if (!this.#isConnected) return undefined;
    if (this.#own.take(address) === undefined) return void this.#count(1);
    // One question for all that this turn of the event loop brings.
    if (this.#asked.length === 0) setImmediate(() => this.#send());
    this.#asked.push(address);
    return new Promise((answer) => this.#waiting.push({ address, answer }));
  }

  leave(address: string): void {
    this.#count(-1);
    // What is borrowed goes back first: whose connection it was makes no difference.
    const borrowed = this.#borrowed.get(address) ?? 0;
    if (borrowed === 0) return this.#own.leave(address);
    if (borrowed === 1) this.#borrowed.delete(address);
    else this.#borrowed.set(address, borrowed - 1);
    this.#returned.push(address);
  }

  /** The parent's answers. */
  hear(answers: readonly (Full | null)[]): void {
    for (const full of answers) {
      const { address, answer } = this.#waiting.shift()!;
      if (full === null) {
        this.#borrowed.set(address, (this.#borrowed.get(address) ?? 0) + 1);
        this.#count(1);
      }
      answer(full ?? undefined);
    }
  }

  /** The parent is gone. */
  disconnected(): void {
    this.#isConnected = false;
    for (const { answer } of this.#waiting.splice(0)) answer(undefined);
  }

  #count(change: 1 | -1): void {
    this.#connections += change;
    this.#timer ??= setTimeout(() => this.#send(), leisure);
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [asked, returned] = [this.#asked, this.#returned];
    this.#asked = [];
    this.#returned = [];
    this.#tell({ type: "places", asked, returned, connections: this.#connections });
  }
}
