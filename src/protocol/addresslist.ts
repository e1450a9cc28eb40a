/** Lists of addresses that somebody trusts, as they stand in options. */

import ipaddr from "ipaddr.js";
import { isUnixAddress, parseAddress, withoutZone } from "./address.ts";

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/**
 * Addresses, networks in CIDR notation, and `"unix"` for whoever comes over a Unix socket.
 *
 * @example
 * ```ts
 * const trusted = new AddressList("xclient", ["10.0.0.0/8", "::1", "unix"]);
 * trusted.includes("10.1.2.3"); // true
 * trusted.includes("::ffff:10.1.2.3"); // true
 * ```
 */
export class AddressList {
  readonly #ranges: readonly Range[];
  readonly #hasUnix: boolean;

  /** @throws {TypeError} for an entry that is none; `option` is the name it is told by. */
  constructor(option: string, entries: readonly string[] = []) {
    if (!Array.isArray(entries)) throw new TypeError(`Cannot take ${option} ${entries}: it is a list of addresses`);
    this.#hasUnix = entries.includes("unix");
    this.#ranges = entries.filter((entry) => entry !== "unix").map((entry) => {
      const range = parseRange(entry);
      if (range !== undefined) return range;
      throw new TypeError(
        `Cannot take "${entry}" in ${option}: write an address or a network, as "192.0.2.1", "10.0.0.0/8" or ` +
          `"2001:db8::/32", or "unix" for Unix sockets`,
      );
    });
  }

  /** Whether the list names nobody. */
  get isEmpty(): boolean {
    return this.#ranges.length === 0 && !this.#hasUnix;
  }

  /** Whether an endpoint's address is on the list. Those of Unix sockets are a path, or empty. */
  includes(address: string): boolean {
    if (this.isEmpty) return false;
    if (isUnixAddress(address)) return this.#hasUnix;
    const client = parseAddress(withoutZone(address));
    if (client === undefined) return false;
    return this.#ranges.some(([network, prefix]) => client.kind() === network.kind() && client.match(network, prefix));
  }
}

function parseRange(entry: unknown): Range | undefined {
  const [, text = "", length] = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(String(entry)) ?? [];
  const network = parseAddress(text);
  if (network === undefined) return undefined;
  const bits = network instanceof ipaddr.IPv4 ? 32 : 128;
  // A network of IPv4-mapped addresses is one of IPv4.
  const unmapped = text.includes(":") && bits === 32 ? 96 : 0;
  const prefix = length === undefined ? bits : Number(length) - unmapped;
  return prefix < 0 || prefix > bits ? undefined : [network, prefix];
}
