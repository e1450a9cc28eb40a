/** The extensions of EHLO (RFC 5321 section 2.2). Each has a file of its own, which says what it promises. */

import type { Reply } from "../protocol/reply.ts";
import type { Conversation } from "./conversation.ts";
import type { Draft, Envelope, Recipient } from "./envelope.ts";
import { auth } from "./extensions/auth.ts";
import { binaryMime } from "./extensions/binarymime.ts";
import { chunking } from "./extensions/chunking.ts";
import { deliverBy } from "./extensions/deliverby.ts";
import { dsn } from "./extensions/dsn.ts";
import { eightBitMime } from "./extensions/eightbitmime.ts";
import { futureRelease } from "./extensions/futurerelease.ts";
import { limits } from "./extensions/limits.ts";
import { mtPriority } from "./extensions/mtpriority.ts";
import { noSoliciting } from "./extensions/nosoliciting.ts";
import { prdr } from "./extensions/prdr.ts";
import { requireTls } from "./extensions/requiretls.ts";
import { rrvs } from "./extensions/rrvs.ts";
import { size } from "./extensions/size.ts";
import { smtputf8 } from "./extensions/smtputf8.ts";
import { startTls } from "./extensions/starttls.ts";
import { xclient, xforward } from "./extensions/xclient.ts";

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
  /** Off unless it is switched on: to advertise it is a promise that only the application can keep. */
  readonly isOptIn?: boolean;
  /** Parameters of MAIL by upper-case keyword. */
  readonly mail?: Readonly<Record<string, ParameterRule<Envelope>>>;
  /** Parameters of RCPT by upper-case keyword. */
  readonly rcpt?: Readonly<Record<string, ParameterRule<Recipient>>>;
  /** By how many octets it lengthens the longest MAIL line. */
  readonly mailOctets?: number;
  /** By how many octets it lengthens the longest RCPT line. */
  readonly rcptOctets?: number;
}

/** The names by which extensions are switched on and off. */
export type ExtensionName =
  | "pipelining"
  | "size"
  | "startTls"
  | "auth"
  | "eightBitMime"
  | "smtputf8"
  | "enhancedStatusCodes"
  | "prdr"
  | "chunking"
  | "binaryMime"
  | "limits"
  | "xclient"
  | "xforward"
  | "dsn"
  | "requireTls"
  | "deliverBy"
  | "futureRelease"
  | "mtPriority"
  | "rrvs"
  | "noSoliciting";

/** RFC 2920: replies to a batch leave together. */
const pipelining: Extension = { advertise: () => "PIPELINING" };

/** RFC 2034: every reply but those to EHLO and the intermediate ones has an enhanced status code. */
const enhancedStatusCodes: Extension = { advertise: () => "ENHANCEDSTATUSCODES" };

/** All of them, in the order in which they are advertised. */
export const extensions: Readonly<Record<ExtensionName, Extension>> = {
  pipelining,
  size,
  startTls,
  auth,
  eightBitMime,
  smtputf8,
  enhancedStatusCodes,
  prdr,
  chunking,
  binaryMime,
  limits,
  xclient,
  xforward,
  dsn,
  requireTls,
  deliverBy,
  futureRelease,
  mtPriority,
  rrvs,
  noSoliciting,
};
