/** Who a message is from, who it is for, and what was said about it (RFC 5321 section 2.3.1). */

import type { Mailbox } from "../protocol/path.ts";
import { emptyLocals } from "./session.ts";

/** A mailbox the client named in RCPT. */
export interface Recipient extends Mailbox {
  /** The local part up to its first `+`. */
  readonly user: string;
  /** What follows the `+` (RFC 5233), as sent. */
  readonly tag?: string;
}

/** The envelope of one message. */
export interface Envelope {
  /** The reverse-path; null for `<>`, the sender of bounces. */
  readonly from: Mailbox | null;
  /** The recipients accepted so far, in the order of their RCPT. A recipient named twice stands here twice. */
  readonly to: readonly Recipient[];
  /** The octets the client declared with SIZE. */
  readonly size?: number;
  readonly body: "7BIT" | "8BITMIME" | "BINARYMIME";
  /** Whether the client declared SMTPUTF8. */
  readonly smtputf8: boolean;
  /**
   * Who submitted the message first, as the AUTH parameter says (RFC 4954 section 5): an address, or null for `<>`,
   * "nobody knows". Absent when there was none. It is worth what the client's word is worth.
   */
  readonly auth?: string | null;
  /** Facts found by middleware that hold for this message; they reappear on `c.var` at every later stage. */
  readonly locals: Record<string, unknown>;
}

/** The same envelope, for those who fill it. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** An envelope with nothing but a sender. */
export function newEnvelope(from: Mailbox | null): Draft<Envelope> & { to: Recipient[] } {
  return { from, to: [], body: "7BIT", smtputf8: false, locals: emptyLocals() };
}

/** Splits the local part at its first `+`; one that begins with it is a user name as a whole. */
export function recipientOf(mailbox: Mailbox): Draft<Recipient> {
  const plus = mailbox.local.indexOf("+");
  const { address, local, domain } = mailbox;
  if (plus <= 0) return { address, local, domain, user: local };
  return { address, local, domain, user: local.slice(0, plus), tag: local.slice(plus + 1) };
}
