/** Version 2 of the PROXY protocol (section 2.2): binary, with room for further facts. */

import ipaddr from "ipaddr.js";
import { crc32c } from "./crc32c.ts";
import type { ProxyEndpoint, ProxyFault, ProxyHeader, ProxyTlv } from "./proxy.ts";

/** The signature. */
export const v2Start: Uint8Array = Uint8Array.of(
  0x0d,
  0x0a,
  0x0d,
  0x0a,
  0x00,
  0x0d,
  0x0a,
  0x51,
  0x55,
  0x49,
  0x54,
  0x0a,
);

/** Octets before the addresses. */
const fixed = 16;

/** How much a header may announce. Addresses take 216 octets at most; the rest has room for a client's certificate. */
const longest = 4096;

/** Types of further facts that the protocol itself needs. */
const CRC32C = 0x03;
const NOOP = 0x04;

/** The address families and their two addresses' octets, ports included. */
const families: readonly number[] = [0, 12, 36, 216];
const [UNSPEC, INET, , UNIX] = [0, 1, 2, 3] as const;

const STREAM = 1;

/** Reads a header that begins as one of version 2. */
export function parseProxyV2(bytes: Uint8Array): ProxyHeader | ProxyFault | "incomplete" {
  if (bytes.length < fixed) return "incomplete";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [version, command] = nibbles(view.getUint8(12));
  const [family, transport] = nibbles(view.getUint8(13));
  const size = view.getUint16(14);
  if (version !== 2) return { fault: `its version is ${version}` };
  if (command > 1) return { fault: `its command is ${command}` };
  const isLocal = command === 0;
  // A proxy's own connection has no family worth looking at.
  if (!isLocal && (family >= families.length || transport > 2)) {
    return { fault: `its family and transport are ${family} and ${transport}` };
  }
  if (size > longest) return { fault: `it announces ${size} octets, which is more than ${longest}` };
  if (bytes.length < fixed + size) return "incomplete";
  const whole = bytes.subarray(0, fixed + size);
  const bare = { version: 2, length: whole.length } as const;
  const addresses = families[family] ?? 0;
  if (!isLocal && size < addresses) return { fault: `its ${size} octets are too few for two addresses` };
  const tlvs = readTlvs(whole, fixed + Math.min(addresses, size));
  if (tlvs !== undefined && !hasRightChecksum(whole, tlvs)) return { fault: "its checksum is wrong" };
  // What stands in the place of addresses is to be ignored: it need not be made of further facts.
  if (isLocal || family === UNSPEC || transport !== STREAM) return { ...bare, tlvs: plain(tlvs ?? []) };
  if (tlvs === undefined) return { fault: "one of its TLVs is longer than the header" };
  return { ...bare, ...endpoints(whole.subarray(fixed), family), tlvs: plain(tlvs) };
}

function nibbles(byte: number): readonly [high: number, low: number] {
  return [byte >> 4, byte & 0x0f];
}

function endpoints(block: Uint8Array, family: number): { source: ProxyEndpoint; destination: ProxyEndpoint } {
  const octets = family === UNIX ? 108 : family === INET ? 4 : 16;
  const ports = new DataView(block.buffer, block.byteOffset + 2 * octets);
  const read = (index: 0 | 1): ProxyEndpoint => {
    const address = block.subarray(index * octets, (index + 1) * octets);
    if (family === UNIX) return { address: pathOf(address), port: 0 };
    return {
      address: ipaddr.process(ipaddr.fromByteArray([...address]).toString()).toString(),
      port: ports.getUint16(index * 2),
    };
  };
  return { source: read(0), destination: read(1) };
}

/** An absolute path up to its NUL; anything else has no name that could be taken for an address. */
function pathOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const path = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  return /^\/[^\x00-\x1f\x7f\ufffd]*$/.test(path) ? path : "";
}

/** The facts from `start` to the end, each a view of the header; undefined when one of them reaches beyond it. */
function readTlvs(header: Uint8Array, start: number): ProxyTlv[] | undefined {
  const tlvs: ProxyTlv[] = [];
  let at = start;
  while (at < header.length) {
    const value = at + 3;
    const end = value + (header[at + 1]! << 8 | header[at + 2]!);
    if (value > header.length || end > header.length) return undefined;
    tlvs.push({ type: header[at]!, value: header.subarray(value, end) });
    at = end;
  }
  return tlvs;
}

/** Section 2.2.3: the checksum of the whole header, its own octets counted as zeros. */
function hasRightChecksum(header: Uint8Array, tlvs: readonly ProxyTlv[]): boolean {
  const [checksum, another] = tlvs.filter(({ type }) => type === CRC32C);
  if (checksum === undefined) return true;
  const { value } = checksum;
  if (another !== undefined || value.length !== 4) return false;
  // Not slice(): that of a Buffer, which sockets give, is a view.
  const zeroed = new Uint8Array(header);
  zeroed.fill(0, value.byteOffset - header.byteOffset, value.byteOffset - header.byteOffset + 4);
  return new DataView(value.buffer, value.byteOffset).getUint32(0) === crc32c(zeroed);
}

/** Without padding, and in memory of their own: the header's is not to be kept for them. */
function plain(tlvs: readonly ProxyTlv[]): ProxyTlv[] {
  return tlvs.filter(({ type }) => type !== NOOP && type !== CRC32C)
    .map(({ type, value }) => ({ type, value: new Uint8Array(value) }));
}
