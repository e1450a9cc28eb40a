/** Domains and address literals (RFC 5321 section 4.1.2 and 4.1.3, RFC 6531 section 3.3). */

/**
 * A label: letters, digits and inner hyphens; RFC 6531 adds every letter outside ASCII. The underscore is outside the
 * grammar, but hosts that carry one in their name do send mail, and refusing it protects nobody.
 */
const label = /^(?:[A-Za-z0-9_]|[^\x00-\x7f])(?:(?:[A-Za-z0-9_-]|[^\x00-\x7f])*(?:[A-Za-z0-9_]|[^\x00-\x7f]))?$/u;

/** The same for ASCII, as one expression: what almost every domain is. */
const plainDomain = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/;

/** The same on the wire, in its length of 63 octets. */
const wireLabel = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

const ascii = /^[\x00-\x7f]*$/;

/**
 * Whether `text` is a domain name. Lengths (RFC 5321 section 4.5.3.1.2, RFC 1035 section 2.3.4) are those of the
 * A-labels.
 */
export function isDomain(text: string): boolean {
  if (text.length <= 63 && plainDomain.test(text)) return true;
  if (text === "" || text.length > 255) return false;
  for (const part of text.split(".")) if (!label.test(part)) return false;
  const wire = ascii.test(text) ? text : toALabels(text);
  // Looked at again: UTS #46 makes dots of other full stops, and nothing at all of some letters.
  return wire !== undefined && wire.length <= 255 && wire.split(".").every((part) => wireLabel.test(part));
}

/**
 * The domain in lower-case A-labels, the one form in which two domains can be compared (RFC 5890 section 2.3.2.4).
 *
 * @param domain what `isDomain` accepts, or an address literal, which only changes case.
 * @returns undefined when a label has no A-label form (UTS #46 refuses it).
 *
 * @example
 * ```ts
 * toALabels("Bücher.test"); // "xn--bcher-kva.test"
 * ```
 */
export function toALabels(domain: string): string | undefined {
  if (ascii.test(domain)) return domain.toLowerCase();
  // Every runtime's URL parser carries UTS #46 processing; none of them shares another door to it.
  const text = `http://${domain}`;
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.pathname !== "/" || url.port !== "" || /^[[\d.]+\]?$/.test(url.hostname)) return undefined;
  return url.hostname;
}

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Whether `text` is an IPv4 address in dotted form. Leading zeros, which some read as octal, are in none. */
export function isIPv4(text: string): boolean {
  return ipv4.test(text);
}

/** Whether `text` is an IPv6 address in any form of RFC 4291 section 2.2, without a zone. */
export function isIPv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [side, half] of halves.entries()) {
    if (half === "") continue;
    const parts = half.split(":");
    for (const [at, part] of parts.entries()) {
      const isLast = side === halves.length - 1 && at === parts.length - 1;
      if (isLast && isIPv4(part)) groups += 2;
      else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) groups += 1;
      else return false;
    }
  }
  return halves.length === 2 ? groups <= 7 : groups === 8 && text !== "";
}

/** Whether `text` is an address literal: `[127.0.0.1]`, `[IPv6:::1]`, or one with another standard tag. */
export function isAddressLiteral(text: string): boolean {
  if (!text.startsWith("[") || !text.endsWith("]")) return false;
  const inner = text.slice(1, -1);
  if (/^IPv6:/i.test(inner)) return isIPv6(inner.slice(5));
  if (isIPv4(inner)) return true;
  // General-address-literal: a standardized tag, a colon, printable characters but brackets and backslash.
  return /^[A-Za-z0-9-]*[A-Za-z0-9]:[\x21-\x5a\x5e-\x7e]+$/.test(inner);
}

/** An IPv4-mapped IPv6 address in its IPv4 form; any other as it is. */
export function unmapped(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}
