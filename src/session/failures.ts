/** Failed logins, counted by where they came from. */

import { isAddress } from "../protocol/address.ts";
import { type NetworkBits, networkOf } from "../protocol/network.ts";

interface Count {
  failures: number;
  readonly expiresAt: number;
}

/** Those of a network whose credentials are looked at, and those who wait until one of them is done. */
interface Turns {
  taken: number;
  waiting: (() => void)[];
}

/** What is remembered of an address: its network, its failures, and the milliseconds until they are forgotten. */
export type RememberedFailures = readonly [network: string, failures: number, milliseconds: number];

/**
 * The memory of who guesses passwords, for all sessions of a server. It is bounded: past its capacity the oldest
 * address is forgotten.
 */
export class AddressFailures {
  readonly #most: number;
  readonly #window: number;
  readonly #capacity: number;
  /** In the order in which they expire. */
  readonly #counts = new Map<string, Count>();
  readonly #turns = new Map<string, Turns>();

  /**
   * @param most how many failures an address may have.
   * @param window milliseconds, from an address's first failure, after which all are forgotten.
   * @param capacity how many addresses are remembered. Default 10 000.
   */
  constructor(most: number, window: number, capacity = 10_000) {
    this.#most = most;
    this.#window = window;
    this.#capacity = capacity;
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#counts.size;
  }

  /** All that is remembered, in the order in which it expires. */
  get remembered(): RememberedFailures[] {
    const now = performance.now();
    return [...this.#counts].map(([network, { failures, expiresAt }]) => [network, failures, expiresAt - now]);
  }

  /** Takes over what another server remembers. */
  remember(remembered: readonly RememberedFailures[]): void {
    const now = performance.now();
    for (const [network, failures, milliseconds] of remembered) {
      this.#counts.set(network, { failures, expiresAt: now + milliseconds });
    }
  }

  /** Whether the address has had its failures. */
  isBlocked(address: string): boolean {
    return (this.#counts.size > 0 && this.#live(counted(address))?.failures || 0) >= this.#most;
  }

  /**
   * A turn to have credentials looked at. Until it is over it may become a failure: of clients that guess at the same
   * time no more are looked at than may fail, and the others wait until it is known how many did.
   *
   * @param gone resolves when there is nobody left to wait for.
   * @returns what ends the turn, to be called once; undefined for those who get none.
   */
  async turn(address: string, gone: () => Promise<void>): Promise<(() => void) | undefined> {
    const network = counted(address);
    if (network === undefined) return () => {};
    let isGone = false;
    while (!isGone && !this.isBlocked(address)) {
      let turns = this.#turns.get(network);
      if (turns === undefined) this.#turns.set(network, turns = { taken: 0, waiting: [] });
      const { waiting } = turns;
      if ((this.#live(network)?.failures ?? 0) + turns.taken < this.#most) {
        turns.taken++;
        return () => this.#endTurn(network);
      }
      const over = new Promise<void>((resolve) => waiting.push(resolve));
      await Promise.race([over, gone().then(() => void (isGone = true))]);
    }
    return undefined;
  }

  #endTurn(network: string): void {
    const turns = this.#turns.get(network)!;
    if (--turns.taken === 0) this.#turns.delete(network);
    // All of them: each asks again, and those who must wait on do so in their order.
    for (const wake of turns.waiting.splice(0)) wake();
  }

  /** One more. Clients of a Unix socket have no address to tell one from the other, and are not counted. */
  record(address: string): void {
    const network = counted(address);
    if (network === undefined) return;
    const count = this.#live(network);
    if (count !== undefined) {
      count.failures++;
      return;
    }
    if (this.#counts.size >= this.#capacity) {
      for (const oldest of this.#counts.keys()) {
        this.#counts.delete(oldest);
        break;
      }
    }
    this.#counts.set(network, { failures: 1, expiresAt: performance.now() + this.#window });
  }

  #live(network: string | undefined): Count | undefined {
    const count = network === undefined ? undefined : this.#counts.get(network);
    if (count === undefined || count.expiresAt > performance.now()) return count;
    this.#counts.delete(network!);
    return undefined;
  }
}

/** Whoever has one IPv6 address of a network of 64 bits has them all. */
const bits: NetworkBits = { v4: 32, v6: 64 };

/** Whom an address counts for; undefined for what is no address. */
function counted(address: string): string | undefined {
  return isAddress(address) ? networkOf(address, bits) : undefined;
}
