/** The network that stands for a client: one machine, or one customer, changes its address within it. */

import ipaddr from "ipaddr.js";
import { parseAddress, withoutZone } from "./address.ts";

/** How much of an address tells clients apart. */
export interface NetworkBits {
  /** Of an IPv4 address, 1 to 32. */
  readonly v4: number;
  /** Of an IPv6 address, 1 to 128. */
  readonly v6: number;
}

/** @throws {RangeError} for numbers of bits that an address does not have. */
export function validateBits({ v4, v6 }: NetworkBits): void {
  const isWithin = (bits: number, most: number) => Number.isInteger(bits) && bits >= 1 && bits <= most;
  if (isWithin(v4, 32) && isWithin(v6, 128)) return;
  throw new RangeError(`Cannot tell clients apart by ${v4} bits of IPv4 and ${v6} of IPv6: up to 32 and 128 there are`);
}

/** As `192.0.2.0/24`; what is no address is its own network. */
export function networkOf(address: string, { v4, v6 }: NetworkBits): string {
  const ip = parseAddress(withoutZone(address));
  if (ip === undefined) return address;
  const bits = ip.kind() === "ipv4" ? v4 : v6;
  const bytes = ip.toByteArray().map((byte, at) => byte & (0xff << Math.min(8, Math.max(0, (at + 1) * 8 - bits))));
  return `${ipaddr.fromByteArray(bytes.map((byte) => byte & 0xff)).toString()}/${bits}`;
}
