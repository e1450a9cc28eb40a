import ipaddr from "ipaddr.js";

/** Longest name in text form, without the final dot: 255 octets on the wire (RFC 1035 section 3.1). */
const longestName = 253;
/** Longest label (RFC 1035 section 3.1). */
const longestLabel = 63;

/**
 * The name in the form that goes on the wire: A-labels, no final dot; or undefined where no query can carry it.
 *
 * Any visible character and the space may stand in a label: the DNS itself does not ask for host names (RFC 2181
 * section 11), and SPF makes such names (RFC 7208 section 7.1).
 */
export function wireName(name: string): string | undefined {
  let wire = name;
  if (/[\u0080-\uffff]/.test(name)) {
    const ascii = toALabels(name);
    if (ascii === undefined) return undefined;
    wire = ascii;
  }
  if (wire.endsWith(".")) wire = wire.slice(0, -1);
  if (wire.length === 0 || wire.length > longestName || /[^\x20-\x7e]/.test(wire)) return undefined;
  for (const label of wire.split(".")) {
    if (label.length === 0 || label.length > longestLabel) return undefined;
  }
  return wire;
}

/**
 * U-labels to A-labels, as UTS 46 does it. Every runtime has this inside its URL parser; a name that the parser would
 * read as something else than a plain host (a port, a path, percent signs) is refused first.
 */
function toALabels(name: string): string | undefined {
  if (/[^!-~\u0080-\uffff]|["#%/:<>?@[\\\]^`{|}]/.test(name)) return undefined;
  try {
    return new URL(`http://${name}`).hostname;
  } catch {
    return undefined;
  }
}

/** Whether two names are the same; ASCII letters match in either case (RFC 4343 section 3), a final dot does not count. */
export function sameName(one: string, other: string): boolean {
  return canonicalName(one) === canonicalName(other);
}

/** Whether `name` is `parent` or lies below it. */
export function isWithin(name: string, parent: string): boolean {
  const child = canonicalName(name);
  const top = canonicalName(parent);
  return child === top || child.endsWith("." + top);
}

/** The form to compare: lower case, no final dot. */
export function canonicalName(name: string): string {
  const lower = name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

/**
 * The name under which an address has its PTR records (RFC 1035 section 3.5, RFC 3596 section 2.5).
 *
 * @example
 * ```ts
 * reverseName("192.0.2.1"); // "1.2.0.192.in-addr.arpa"
 * ```
 * @throws TypeError when this is not an IP address.
 */
export function reverseName(address: string): string {
  return reverseLabels(address, "in-addr.arpa", "ip6.arpa");
}

/**
 * The labels of an address backwards, then a zone: the query of a block list (RFC 5782 section 2).
 *
 * @throws TypeError when this is not an IP address.
 */
export function reverseLabels(address: string, zone4: string, zone6: string = zone4): string {
  if (!ipaddr.isValid(address)) {
    throw new TypeError(`Cannot make a reverse name: ${JSON.stringify(address)} is not an IP address`);
  }
  const ip = ipaddr.process(address);
  if (ip instanceof ipaddr.IPv4) return `${[...ip.octets].reverse().join(".")}.${zone4}`;
  const nibbles = ip.toByteArray().flatMap((byte) => [byte >> 4, byte & 15]);
  return `${nibbles.reverse().map((nibble) => nibble.toString(16)).join(".")}.${zone6}`;
}
