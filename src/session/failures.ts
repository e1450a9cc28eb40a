/** Failed logins, counted by where they came from. */

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
    return (this.#counts.size > 0 && this.#live(networkOf(address))?.failures || 0) >= this.#most;
  }

  /** One more. Clients of a Unix socket have no address to tell one from the other, and are not counted. */
  record(address: string): void {
    const network = networkOf(address);
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

/**
 * An IPv4 address, or the first 64 bits of an IPv6 one: whoever has one address of such a network has them all.
 *
 * @returns undefined for what is no address.
 */
function networkOf(address: string): string | undefined {
  if (/^[\d.]+$/.test(address)) return address;
  const [text = ""] = address.split("%");
  if (!/^[\da-f:.]*:[\da-f:.]*$/i.test(text)) return undefined;
  const [head = "", tail] = text.toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    // A tail may end in an IPv4 address, which stands for two groups.
    const after = tail === "" ? 0 : tail.split(":").length + (tail.includes(".") ? 1 : 0);
    const tailGroups = tail === "" ? [] : tail.split(":");
    const zeros = Math.max(0, 8 - groups.length - after);
    groups.push(...Array<string>(zeros).fill("0"), ...tailGroups);
  }
  return groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":");
}
