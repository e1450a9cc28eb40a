import ipaddr from "ipaddr.js";

/** A client address. IPv4 in IPv6 clothes (`::ffff:192.0.2.1`) counts as IPv4 (RFC 7208 section 5). */
export type ClientAddress = ipaddr.IPv4 | ipaddr.IPv6;

/** A network as `ip4:` and `ip6:` name it. */
export interface Network {
  readonly network: string;
  readonly prefix: number;
}

/** @throws TypeError when the text is no IP address. */
export function parseClient(ip: string): ClientAddress {
  const bare = ip.replace(/%.*$/, ""); // a zone says which wire, not who
  if (!ipaddr.isValid(bare)) throw new TypeError(`Cannot check SPF for ${JSON.stringify(ip)}: not an IP address`);
  return ipaddr.process(bare);
}

export function isIPv4(client: ClientAddress): client is ipaddr.IPv4 {
  return client.kind() === "ipv4";
}

/** `ip4-network [ ip4-cidr-length ]` or the same for ip6 (section 5.6). Lengths have no leading zero. */
export function parseNetwork(kind: "ip4" | "ip6", text: string): Network | undefined {
  const [, network, length] = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
  if (network === undefined) return undefined;
  const bits = kind === "ip4" ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  // The library also takes 1.2, 0x1.2.3.4 and zones, which the grammar does not.
  const valid = kind === "ip4"
    ? ipaddr.IPv4.isValidFourPartDecimal(network) && !/(?:^|\.)0\d/.test(network)
    : /^[\da-f:.]+$/i.test(network) && ipaddr.IPv6.isValid(network);
  return valid && prefix <= bits ? { network, prefix } : undefined;
}

/** Whether the client lies within the network; the other address family never does. */
export function matches(client: ClientAddress, network: string, prefix: number): boolean {
  if (!ipaddr.isValid(network)) return false;
  const other = ipaddr.parse(network);
  if (client instanceof ipaddr.IPv4 && other instanceof ipaddr.IPv4) return client.match(other, prefix);
  if (client instanceof ipaddr.IPv6 && other instanceof ipaddr.IPv6) return client.match(other, prefix);
  return false;
}

/** The `i` macro: dotted quad, or each nibble as a label (section 7.3). */
export function dotted(client: ClientAddress): string {
  if (isIPv4(client)) return client.toString();
  return [...client.toNormalizedString().split(":")]
    .flatMap((group) => [...group.padStart(4, "0").toUpperCase()]).join(".");
}
