/** Case is ignored in ASCII only (RFC 5321 section 2.4): Unicode makes S of `ſ`, and I of `ı`. */

/** The text with a to z as capitals, and all else as it is. */
export function upperAscii(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}
