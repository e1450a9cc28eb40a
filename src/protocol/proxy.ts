/**
 * The PROXY protocol (HAProxy's doc/proxy-protocol.txt): what a proxy says of its client before the client's first byte.
 *
 * Section numbers in the files of this protocol are those of that document.
 */

import { parseProxyV1, v1Start } from "./proxyv1.ts";
import { parseProxyV2, v2Start } from "./proxyv2.ts";

/** One end of the connection between the client and the proxy. */
export interface ProxyEndpoint {
  /** An IP address in its shortest form, IPv4 where it is IPv4-mapped IPv6; the path of a Unix socket, or empty. */
  readonly address: string;
  readonly port: number;
}

/** A fact that a header of version 2 adds, by the number of its type (section 2.2). */
export interface ProxyTlv {
  readonly type: number;
  readonly value: Uint8Array;
}

/** A whole header. */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /** Octets that the header took; what follows is the client's. */
  readonly length: number;
  /** The client. Absent: the proxy speaks for itself (LOCAL, a health check), or does not know (UNKNOWN, UNSPEC). */
  readonly source?: ProxyEndpoint;
  /** Where the client connected to; present with `source`. */
  readonly destination?: ProxyEndpoint;
  readonly tlvs: readonly ProxyTlv[];
}

/** Why the bytes are no header, and never will be; for the log. */
export interface ProxyFault {
  readonly fault: string;
}

/**
 * Reads a header at the beginning of what came.
 *
 * @returns `"incomplete"` while more bytes could make it one, and a fault as soon as they could not: whoever sends
 * something else should hear of it now and not after a deadline (section 2.1).
 *
 * @example
 * ```ts
 * const bytes = new TextEncoder().encode("PROXY TCP4 192.0.2.1 198.51.100.7 56324 25\r\nEHLO client.example\r\n");
 * const header = parseProxyHeader(bytes);
 * // { version: 1, length: 45, source: { address: "192.0.2.1", port: 56324 }, destination: …, tlvs: [] }
 * ```
 */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeader | ProxyFault | "incomplete" {
  if (bytes.length === 0) return "incomplete";
  if (agrees(bytes, v1Start)) return parseProxyV1(bytes);
  if (agrees(bytes, v2Start)) return parseProxyV2(bytes);
  return { fault: "it does not begin as one" };
}

/** Whether the bytes begin as `start` does, as far as they go. */
function agrees(bytes: Uint8Array, start: Uint8Array): boolean {
  const length = Math.min(bytes.length, start.length);
  for (let at = 0; at < length; at++) if (bytes[at] !== start[at]) return false;
  return true;
}
