/** Lists of networks: who is trusted, exempt or refused by address. */

import ipaddr from "ipaddr.js";

/**
 * Compiles addresses and CIDR ranges to a test. IPv4 addresses in IPv6 clothes (`::ffff:192.0.2.1`) are IPv4.
 *
 * What is no IP address, such as the path of a Unix socket, is on no list.
 *
 * @throws {TypeError} for an entry that is neither address nor range.
 *
 * @example
 * ```ts
 * const isLocal = addressList(["127.0.0.0/8", "::1", "192.168.0.0/16"]);
 * isLocal("127.0.0.1"); // true
 * ```
 */
export function addressList(cidrs: readonly string[]): (address: string) => boolean {
  const ranges = cidrs.map(parseRange);
  if (ranges.length === 0) return () => false;
  return (address) => {
    if (!isAddress(address)) return false;
    const ip = ipaddr.process(address);
    return ranges.some(([network, bits]) => network.kind() === ip.kind() && ip.match(network, bits));
  };
}

/** Whether `text` is an IPv4 address of four parts, or an IPv6 address. */
export function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

type Range = readonly [network: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

function parseRange(entry: string): Range {
  const [address = "", bits, ...more] = typeof entry === "string" ? entry.split("/") : [];
  const isWritten = more.length === 0 && isAddress(address) && (bits === undefined || /^\d{1,3}$/.test(bits));
  if (!isWritten) throw entryError(entry);
  const ip = ipaddr.parse(address);
  const length = ip.kind() === "ipv4" ? 32 : 128;
  const prefix = bits === undefined ? length : Number(bits);
  if (prefix > length) throw entryError(entry);
  if (ip instanceof ipaddr.IPv6 && ip.isIPv4MappedAddress()) {
    if (prefix < 96) throw entryError(entry);
    return [ip.toIPv4Address(), prefix - 96];
  }
  return [ip, prefix];
}

function entryError(entry: unknown): TypeError {
  return new TypeError(
    `Cannot use ${JSON.stringify(entry)} in a list of addresses: write "192.0.2.1", "192.0.2.0/24" or "2001:db8::/32"`,
  );
}
