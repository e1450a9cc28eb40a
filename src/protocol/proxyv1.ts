/** Version 1 of the PROXY protocol (section 2.1): one line of text. */

import { canonicalAddress } from "./address.ts";
import type { ProxyEndpoint, ProxyFault, ProxyHeader } from "./proxy.ts";

/** What every line begins with. */
export const v1Start: Uint8Array = new TextEncoder().encode("PROXY ");

/** The longest line, CRLF included. */
const longest = 107;

const LF = 0x0a;

/** Reads a line that begins as one of version 1. */
export function parseProxyV1(bytes: Uint8Array): ProxyHeader | ProxyFault | "incomplete" {
  const lf = bytes.subarray(0, longest).indexOf(LF);
  if (lf < 0) return bytes.length < longest ? "incomplete" : { fault: `its line is longer than ${longest} octets` };
  const line = String.fromCharCode(...bytes.subarray(0, lf));
  if (!/^[\x20-\x7e]*\r$/.test(line)) return { fault: "its line is not ASCII that ends in CRLF" };
  const [, family, ...fields] = line.slice(0, -1).split(" ");
  const header = { version: 1, length: lf + 1, tlvs: [] } as const;
  // Whatever stands behind UNKNOWN is nobody's business.
  if (family === "UNKNOWN") return header;
  if (family !== "TCP4" && family !== "TCP6") return { fault: "its family is not TCP4, TCP6 or UNKNOWN" };
  const [from = "", to = "", fromPort = "", toPort = "", ...rest] = fields;
  const source = endpoint(family, from, fromPort);
  const destination = endpoint(family, to, toPort);
  if (source === undefined || destination === undefined || rest.length > 0) {
    return { fault: `it has no two addresses and two ports of ${family}` };
  }
  return { ...header, source, destination };
}

function endpoint(family: "TCP4" | "TCP6", address: string, port: string): ProxyEndpoint | undefined {
  // Leading zeros are forbidden: some read them as octal.
  if (!/^(?:0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65_535) return undefined;
  if (address.includes(":") !== (family === "TCP6")) return undefined;
  const canonical = canonicalAddress(address);
  return canonical === undefined ? undefined : { address: canonical, port: Number(port) };
}
