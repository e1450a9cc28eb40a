/** What the server changes in a message's header: fields put before it, and fields of the client's taken out. */

import { type HeaderField, splitHeader, strayField } from "../protocol/header.ts";
import type { Envelope } from "../session/envelope.ts";

/** The changes of one message. */
export interface HeaderEdits {
  /** Fields to stand above the server's own `Received:`, the newest first, CRLF after each. */
  readonly fields: string;
  /** Whether a field of the client's is to be taken out. */
  isRemoved(field: HeaderField): boolean;
  /** Counts the changes. */
  readonly version: number;
}

interface Edits extends HeaderEdits {
  fields: string;
  version: number;
  readonly removals: ((name: string, value: string) => boolean)[];
}

/** No name on `c.var`, and the same for every copy of this module. */
const editsKey: symbol = Symbol.for("postern.header-edits");

/** The changes asked for so far; undefined for almost every message. */
export function editsOf(envelope: Envelope): HeaderEdits | undefined {
  return (envelope.locals as Record<symbol, Edits | undefined>)[editsKey];
}

function editable(envelope: Envelope): Edits {
  return (envelope.locals as Record<symbol, Edits>)[editsKey] ??= {
    fields: "",
    version: 0,
    removals: [],
    isRemoved({ name, value }) {
      return this.removals.some((removal) => removal(name, value));
    },
  };
}

/**
 * Puts a header field before a message: above the server's own `Received:`, and above what was put there earlier, as
 * trace fields are (RFC 5321 section 4.4). Handlers of `data` and `deliver` find it in `c.var.mail`.
 *
 * It can be called from MAIL on, before the message is there.
 *
 * @param value ASCII, or UTF-8 for SMTPUTF8; one line, or folded with CRLF and a blank.
 * @throws {TypeError} when the name is no field name, or the value could end the field before its end.
 *
 * @example
 * ```ts
 * import { Postern, prependField } from "postern";
 *
 * const app = new Postern();
 * app.mail(async (c, next) => {
 *   prependField(c.var.envelope, "X-Client", c.var.session.remote.address);
 *   await next();
 * });
 * app.deliver("*", (c) => c.text(c.var.mail.headers.get("X-Client") ?? ""));
 * ```
 */
export function prependField(envelope: Envelope, name: string, value: string): void {
  if (!/^[\x21-\x39\x3b-\x7e]+$/.test(name)) {
    throw new TypeError(
      `Cannot prepend the field ${JSON.stringify(name)}: a field name is visible ASCII without colon`,
    );
  }
  // Each line of a folded value has something on it: a line of blanks looks like the end of the header (RFC 5322 3.2.2).
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value.replace(/\r\n(?=[ \t]+[^ \t\r\n])/g, ""))) {
    throw new TypeError(
      `Cannot prepend ${name} with ${JSON.stringify(value.slice(0, 80))}: control characters are not allowed, ` +
        `and each line after the first begins with a blank`,
    );
  }
  const edits = editable(envelope);
  edits.fields = `${name}: ${value.trim()}\r\n${edits.fields}`;
  edits.version++;
}

/**
 * Takes fields out of the message as the client sent it. The fields that the server itself puts before it stay.
 *
 * A signature that covers a field no longer verifies without it: take out only what nobody may believe, such as
 * forged `Authentication-Results`.
 *
 * @param isRemoved is given the name as written and the unfolded value; of a line that is no field, but could
 * pass for one, the letters of the name that can be seen.
 *
 * @example
 * ```ts
 * import { Postern, removeFields } from "postern";
 *
 * const app = new Postern();
 * app.data(async (c, next) => {
 *   removeFields(c.var.envelope, (name) => name.toLowerCase() === "x-spam-status");
 *   await next();
 * });
 * ```
 */
export function removeFields(envelope: Envelope, isRemoved: (name: string, value: string) => boolean): void {
  const edits = editable(envelope);
  edits.removals.push(isRemoved);
  edits.version++;
}

/** The octets of a header section that are left; the same array when nothing was taken out. */
export function keptHeader(header: Uint8Array, edits: HeaderEdits): Uint8Array {
  const fields = splitHeader(header);
  // What some reader would take for a field to be removed is removed with the fields.
  const kept = fields.filter((field) => {
    const { name, value } = field.name === "" ? strayField(field) : field;
    return name === "" || !edits.isRemoved({ name, value });
  });
  if (kept.length === fields.length) return header;
  const joined = new Uint8Array(kept.reduce((sum, { octets }) => sum + octets.length, 0));
  let at = 0;
  for (const { octets } of kept) {
    joined.set(octets, at);
    at += octets.length;
  }
  return joined;
}
