/** DER (X.690): the bytes of certificates, element by element. */

/** One element. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/**
 * The elements that follow each other in `bytes`.
 *
 * @throws {RangeError} when they do not end where the bytes do.
 */
export function elements(bytes: Uint8Array): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at]!;
    let length = bytes[at + 1] ?? 0;
    let start = at + 2;
    if (length >= 0x80) {
      const octets = bytes.subarray(start, start += length - 0x80);
      if (octets.length === 0 || octets.length > 3) throw new RangeError("Cannot read DER: a length is out of bounds");
      length = octets.reduce((sum, octet) => sum * 256 + octet, 0);
    }
    if (start + length > bytes.length) throw new RangeError("Cannot read DER: an element is longer than its bytes");
    found.push({ tag, content: bytes.subarray(start, at = start + length) });
  }
  return found;
}

/**
 * The elements inside the first element of `bytes`.
 *
 * @throws {RangeError} when there is none.
 */
export function inside(bytes: Uint8Array): Element[] {
  const [first] = elements(bytes);
  if (first === undefined) throw new RangeError("Cannot read DER: there is no element");
  return elements(first.content);
}

/** An object identifier in dotted decimals; no component of ours is longer than 28 bits. */
export function objectIdentifier(content: Uint8Array): string {
  const parts: number[] = [];
  let value = 0;
  for (const octet of content) {
    value = value * 128 + (octet & 0x7f);
    if (octet >= 0x80) continue;
    parts.push(value);
    value = 0;
  }
  // The first two share one number: 40 times the one, which is at most 2, and the other.
  const first = Math.min(Math.trunc((parts[0] ?? 0) / 40), 2);
  return [first, (parts[0] ?? 0) - first * 40, ...parts.slice(1)].join(".");
}
