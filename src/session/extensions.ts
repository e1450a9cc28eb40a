/** The extensions of EHLO (RFC 5321 section 2.2), in the order in which they are advertised. */

import type { Reply } from "../protocol/reply.ts";
import type { Conversation } from "./conversation.ts";
import type { Draft, Envelope, Recipient } from "./envelope.ts";
import { auth } from "./extensions/auth.ts";
import { eightBitMime } from "./extensions/eightbitmime.ts";
import { size } from "./extensions/size.ts";
import { smtputf8 } from "./extensions/smtputf8.ts";
import { startTls } from "./extensions/starttls.ts";

/** Looks at a parameter's value and writes it down, or refuses the command. */
export type ParameterRule<T> = (
  value: string | undefined,
  subject: Draft<T>,
  conversation: Conversation,
) => Reply | undefined;

/** One extension: what it says in EHLO, and which parameters it brings. */
export interface Extension {
  /** The EHLO line, or undefined when it is not offered in this session. */
  advertise(conversation: Conversation): string | undefined;
  /** Parameters of MAIL by upper-case keyword. */
  readonly mail?: Readonly<Record<string, ParameterRule<Envelope>>>;
  /** Parameters of RCPT by upper-case keyword. */
  readonly rcpt?: Readonly<Record<string, ParameterRule<Recipient>>>;
  /** By how many octets it lengthens the longest MAIL line. */
  readonly mailOctets?: number;
  /** By how many octets it lengthens the longest RCPT line. */
  readonly rcptOctets?: number;
}

/** RFC 2920: replies to a batch leave together. */
const pipelining: Extension = { advertise: () => "PIPELINING" };

/** RFC 2034: every reply but those to EHLO and the intermediate ones has an enhanced status code. */
const enhancedStatusCodes: Extension = { advertise: () => "ENHANCEDSTATUSCODES" };

/** All of them. */
export const extensions: readonly Extension[] = [
  pipelining,
  size,
  startTls,
  auth,
  eightBitMime,
  smtputf8,
  enhancedStatusCodes,
];
