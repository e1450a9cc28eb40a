/** Who a message is from, who it is for, and what was said about it (RFC 5321 section 2.3.1). */

import type { DeliverBy } from "../protocol/deliverby.ts";
import type { Notify, OriginalRecipient } from "../protocol/dsn.ts";
import type { Parameters } from "../protocol/parameters.ts";
import type { Mailbox } from "../protocol/path.ts";
import { bare, emptyLocals } from "./session.ts";

/** A mailbox the client named in RCPT. */
export interface Recipient extends Mailbox {
  /** The local part up to its first `+`. */
  readonly user: string;
  /** What follows the `+` (RFC 5233), as sent. */
  readonly tag?: string;
  /** The parameters of RCPT as the client wrote them. */
  readonly parameters: Parameters;
  /** What the sender wants to be told of this recipient (DSN). */
  readonly dsn?: RecipientDsn;
  /** Since when the mailbox must have belonged to the same person (RRVS). */
  readonly validSince?: ValidSince;
}

/** Wishes for delivery status notifications, for one recipient (RFC 3461 sections 4.1 and 4.2). */
export interface RecipientDsn {
  /** When to tell. Absent: of failures, and of delays where that is the custom. */
  readonly notify?: Notify;
  /** The recipient as the sender first wrote it. */
  readonly originalRecipient?: OriginalRecipient;
}

/** Since when the mailbox must have had the same owner (RFC 7293). */
export interface ValidSince {
  /** The moment the sender last knew the owner. */
  readonly since: Date;
  /** What a relay is to do when the next server does not know RRVS. */
  readonly unsupported: "reject" | "continue";
}

/** Wishes for delivery status notifications, for the message (RFC 3461 sections 4.3 and 4.4). */
export interface EnvelopeDsn {
  /** How much of the message a notification of failure returns. Absent: as the server likes. */
  readonly ret?: "FULL" | "HDRS";
  /** What the sender knows the message by; decoded. */
  readonly envid?: string;
}

/**
 * What a mail server on the other side of a content filter knew of the client it had the message from (XFORWARD). What is
 * absent it did not know.
 */
export interface Forwarded {
  /** Its host name. */
  readonly name?: string;
  /** Its IP address; or whatever addresses are in another network than the Internet. */
  readonly address?: string;
  /** Its TCP port. */
  readonly port?: number;
  /** By which protocol it came, as `ESMTP`. */
  readonly protocol?: string;
  /** What it called itself. */
  readonly helo?: string;
  /** The message's id there. */
  readonly ident?: string;
  /** Whether it was one of that server's own users or programs. */
  readonly source?: "LOCAL" | "REMOTE";
}

/** The envelope of one message. */
export interface Envelope {
  /** The reverse-path; null for `<>`, the sender of bounces. */
  readonly from: Mailbox | null;
  /** The recipients accepted so far, in the order of their RCPT. A recipient named twice stands here twice. */
  readonly to: readonly Recipient[];
  /** The octets the client declared with SIZE. */
  readonly size?: number;
  /** What the client declared with BODY; `7BIT` where it said nothing. */
  readonly body: "7BIT" | "8BITMIME" | "BINARYMIME";
  /** Whether the client declared SMTPUTF8. */
  readonly smtputf8: boolean;
  /** The parameters of MAIL as the client wrote them. */
  readonly parameters: Parameters;
  /** What the sender wants to be told, and how (DSN). */
  readonly dsn?: EnvelopeDsn;
  /** Whether the client takes a reply for each recipient after the message (PRDR). */
  readonly prdr?: boolean;
  /** Whether the message may be passed on over verified TLS only (REQUIRETLS). */
  readonly requireTls?: boolean;
  /** How long the message is of use (DELIVERBY). */
  readonly deliverBy?: DeliverBy;
  /** When the message is to be sent on (FUTURERELEASE). */
  readonly holdUntil?: Date;
  /** From -9 to 9; absent means 0 (MT-PRIORITY). */
  readonly priority?: number;
  /** Classes of solicitation the message belongs to (NO-SOLICITING). */
  readonly solicitations?: readonly string[];
  /**
   * Who submitted the message first, as the AUTH parameter says (RFC 4954 section 5): an address, or null for `<>`,
   * "nobody knows". Absent when there was none. It is worth what the client's word is worth.
   */
  readonly auth?: string | null;
  /** Whom a trusted client had the message from (XFORWARD). */
  readonly forwarded?: Forwarded;
  /** Facts found by middleware that hold for this message; they reappear on `c.var` at every later stage. */
  readonly locals: Record<string, unknown>;
}

/** The same envelope, for those who fill it. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** An envelope with nothing but a sender. */
export function newEnvelope(from: Mailbox | null, parameters: Parameters): Draft<Envelope> & { to: Recipient[] } {
  return bare({ from, to: [], body: "7BIT", smtputf8: false, parameters, locals: emptyLocals() });
}

/** Splits the local part at its first `+`; one that begins with it is a user name as a whole. */
export function recipientOf(mailbox: Mailbox, parameters: Parameters): Draft<Recipient> {
  const plus = mailbox.local.indexOf("+");
  const { address, local, domain } = mailbox;
  if (plus <= 0) return bare({ address, local, domain, user: local, parameters });
  return bare({ address, local, domain, user: local.slice(0, plus), tag: local.slice(plus + 1), parameters });
}
