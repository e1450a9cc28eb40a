/** The attributes of XCLIENT and XFORWARD (Postfix's XCLIENT_README and XFORWARD_README). */

import { decodeXtext } from "./xtext.ts";

/** Values by upper-case name; undefined where the value is told to be unavailable. */
export type Attributes = ReadonlyMap<string, string | undefined>;

/** The longest value, decoded: what a host name may have. */
const longest = 255;

/**
 * Reads `NAME=spike.example ADDR=192.0.2.1`.
 *
 * `[UNAVAILABLE]`, `[TEMPUNAVAIL]` and the empty value are all the same: there is none.
 *
 * @param known the names there are.
 * @returns what is wrong, for the reply: the first word that is no such attribute, or has no such value. No value may
 * have control characters, and none but a login blanks or what is special in header fields.
 */
export function parseAttributes(text: string, known: readonly string[]): Attributes | { readonly fault: string } {
  const attributes = new Map<string, string | undefined>();
  for (const word of text.split(" ").filter((word) => word !== "")) {
    const at = word.indexOf("=");
    const name = word.slice(0, Math.max(at, 0)).toUpperCase();
    if (!known.includes(name)) return { fault: "unknown attribute, or no value" };
    const value = decodeXtext(word.slice(at + 1));
    if (value === undefined || value.length > longest) return { fault: `bad value of ${name}` };
    if (/^\[(?:TEMPUNAVAIL|UNAVAILABLE)\]$/i.test(value) || value === "") attributes.set(name, undefined);
    else if (name !== "LOGIN" && /[^\x21-\x7e]|[<>()",;\\]/.test(value)) return { fault: `bad value of ${name}` };
    else attributes.set(name, value);
  }
  return attributes.size === 0 ? { fault: "no attribute" } : attributes;
}

/** A TCP port in decimal; undefined when it is none. */
export function parsePort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}
