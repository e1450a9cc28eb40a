/**
 * Header fields as they are signed (RFC 6376 sections 3.4.1, 3.4.2 and 3.7). Octets stand in strings as Latin-1, and
 * blanks are SP and HTAB: an octet A0 is half a letter of UTF-8, whatever a regular expression's `\s` takes it for.
 */

import { Buffer } from "node:buffer";
import type { RawField } from "../../protocol/header.ts";

/** What was done to fields, or to the text, before it was signed. */
export type Canonicalization = "simple" | "relaxed";

/** The fields of a header section, to be taken by name, each once and the last first (RFC 6376 section 5.4.2). */
export class SignedFields {
  readonly #left = new Map<string, RawField[]>();

  constructor(fields: readonly RawField[]) {
    for (const field of fields) {
      const name = field.name.toLowerCase();
      // A line that is no field has no name that could be signed.
      if (name === "") continue;
      const known = this.#left.get(name);
      if (known === undefined) this.#left.set(name, [field]);
      else known.push(field);
    }
  }

  /** The next field of a name; undefined once there is none. */
  take(name: string): RawField | undefined {
    return this.#left.get(name)?.pop();
  }
}

/** What a signature field signs of the header: the fields it names, and itself, without its `b=` and its last CRLF. */
export function signedHeader(
  fields: readonly RawField[],
  names: readonly string[],
  signature: RawField,
  how: Canonicalization,
): Buffer {
  const left = new SignedFields(fields);
  const signed = names.map((name) => left.take(name)).filter((field) => field !== undefined);
  return Buffer.from(signed.map((field) => canonicalField(field, how)).join("") + unsigned(signature, how), "latin1");
}

/** A field as it is signed, with its CRLF. */
export function canonicalField({ octets }: RawField, how: Canonicalization): string {
  return `${canonical(lineOf(octets), how)}\r\n`;
}

/** A signature field as it signs itself: the value of `b=` is taken out, and nothing else. */
export function unsigned({ octets }: RawField, how: Canonicalization): string {
  const line = lineOf(octets);
  const colon = line.indexOf(":") + 1;
  const parts = line.slice(colon).split(";").map((part) => /^[ \t\r\n]*b[ \t\r\n]*=/.exec(part)?.[0] ?? part);
  return canonical(line.slice(0, colon) + parts.join(";"), how);
}

function lineOf(octets: Uint8Array): string {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString("latin1");
  return text.replace(/\r?\n$/, "");
}

/** No expression here looks at an octet more than a few times: a run of blanks is one before its end is looked for. */
function canonical(line: string, how: Canonicalization): string {
  if (how === "simple") return line;
  const flat = line.replace(/\r?\n/g, "").replace(/[ \t]+/g, " ");
  const colon = flat.indexOf(":");
  const name = flat.slice(0, colon).replace(/ $/, "").toLowerCase();
  return `${name}:${flat.slice(colon + 1).replace(/^ /, "").replace(/ $/, "")}`;
}
