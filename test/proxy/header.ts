/** PROXY headers of version 2, made for tests. */

import { crc32c } from "../../src/protocol/crc32c.ts";

export const signature: readonly number[] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10];

export interface HeaderParts {
  /** Version and command. Default: version 2, PROXY. */
  readonly command?: number;
  /** Family and transport. Default: TCP over IPv4. */
  readonly family?: number;
  /** Default: 192.0.2.1:56324 to 198.51.100.7:25. */
  readonly addresses?: readonly number[];
  readonly tlvs?: readonly (readonly [type: number, value: readonly number[] | string])[];
  /** Default: what it is. */
  readonly length?: number;
  /** Adds the checksum; a number adds a wrong one, that much off. */
  readonly checksum?: boolean | number;
}

export const ipv4: readonly number[] = [192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 0x04, 0, 25];

/** Two addresses of IPv6, and ports 56324 and 25. */
export function ipv6(from: readonly number[], to: readonly number[]): number[] {
  return [...from, ...to, 0xdc, 0x04, 0, 25];
}

/** Two paths of Unix sockets. */
export function unix(from: string, to: string): number[] {
  return [from, to].flatMap((path) => [...new TextEncoder().encode(path.padEnd(108, "\0"))]);
}

export function headerV2(parts: HeaderParts = {}): Uint8Array<ArrayBuffer> {
  const { command = 0x21, family = 0x11, addresses = ipv4, tlvs = [], checksum = false } = parts;
  const written = tlvs.flatMap(([type, value]) => tlv(type, typeof value === "string" ? octets(value) : value));
  if (checksum !== false) written.push(...tlv(3, [0, 0, 0, 0]));
  const length = parts.length ?? addresses.length + written.length;
  const header = Uint8Array.from([...signature, command, family, length >> 8, length & 255, ...addresses, ...written]);
  if (checksum !== false) {
    const wrong = checksum === true ? 0 : checksum;
    new DataView(header.buffer).setUint32(header.length - 4, (crc32c(header) + wrong) >>> 0);
  }
  return header;
}

function tlv(type: number, value: readonly number[]): number[] {
  return [type, value.length >> 8, value.length & 255, ...value];
}

export function octets(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}
