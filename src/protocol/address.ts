/** IP addresses in one form each, so that two can be compared. */

import ipaddr from "ipaddr.js";
import { isIPv4, isIPv6 } from "./domain.ts";

/**
 * The address of a text; IPv4 where it is IPv4-mapped IPv6.
 *
 * @returns undefined when the text is no address, or one with leading zeros, which some read as octal.
 */
export function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (text.includes(".") && /(?:^|[.:])0\d+(?=\.|$)/.test(text)) return undefined;
  if (isIPv4(text)) return ipaddr.IPv4.parse(text);
  return isIPv6(text) ? ipaddr.process(inGroups(text)) : undefined;
}

/** An address in its shortest form (RFC 5952); undefined as for {@linkcode parseAddress}. */
export function canonicalAddress(text: string): string | undefined {
  return parseAddress(text)?.toString();
}

/** An address without its zone, which says which wire, not who (RFC 4007 section 6). */
export function withoutZone(address: string): string {
  return address.replace(/%.*$/, "");
}

/** Whether an endpoint's address is an IP address, with a zone or without: that of a Unix socket is none. */
export function isAddress(address: string): boolean {
  return parseAddress(withoutZone(address)) !== undefined;
}

/** Whether an endpoint's address is that of a Unix socket: its path, or empty. */
export function isUnixAddress(address: string): boolean {
  return address === "" || address.startsWith("/");
}

/** An address as it stands before a port: IPv6 in brackets. */
export function bracketed(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/** Writes a dotted part as two groups: the library would take `::192.0.2.1` for the IPv4-mapped address. */
function inGroups(text: string): string {
  return text.replace(/\d+\.\d+\.\d+\.\d+$/, (dotted) => {
    const [a = 0, b = 0, c = 0, d = 0] = dotted.split(".").map(Number);
    return `${(a << 8 | b).toString(16)}:${(c << 8 | d).toString(16)}`;
  });
}
