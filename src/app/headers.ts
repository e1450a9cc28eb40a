/** A message's header fields, as they stand there: in their order, with their duplicates. */

import { type HeaderField, parseHeader } from "../protocol/header.ts";

/**
 * The header fields of a message.
 *
 * `Headers` would not do: it merges the `Received:` fields into one and forgets in which order fields came.
 *
 * @example
 * ```ts
 * import { MailHeaders } from "postern";
 *
 * const headers = new MailHeaders(new TextEncoder().encode("Subject: hi\r\nTo: a@x.test\r\n"));
 * headers.get("subject"); // "hi"
 * ```
 */
export class MailHeaders implements Iterable<readonly [name: string, value: string]> {
  readonly #fields: readonly HeaderField[];

  /** Takes the octets of a header section, each line with its CRLF. */
  constructor(header: Uint8Array) {
    this.#fields = parseHeader(header);
  }

  /** The unfolded value of the first field of that name, case ignored; encoded words are left as they are. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return this.#fields.find((field) => field.name.toLowerCase() === wanted)?.value;
  }

  /** The values of all fields of that name, from the top. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#fields.filter((field) => field.name.toLowerCase() === wanted).map((field) => field.value);
  }

  /** Whether there is such a field. */
  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Names as written, and values. */
  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    for (const { name, value } of this.#fields) yield [name, value];
  }
}
