/** Failed logins, counted by where they came from. */

import { isAddress } from "../protocol/address.ts";
import { type NetworkBits, networkOf } from "../protocol/network.ts";

interface Count {
  failures: number;
  readonly expiresAt: number;
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
