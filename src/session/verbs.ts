/** The commands a session knows (RFC 5321 section 4.1.1), and what holds for each. */

import type { Reply } from "../protocol/reply.ts";
import type { Conversation } from "./conversation.ts";
import { extensions } from "./extensions.ts";
import { longestAuthArgument } from "./exchange.ts";
import * as replies from "./replies.ts";
import { auth } from "./verbs/auth.ts";
import { data } from "./verbs/data.ts";
import { ehlo, helo } from "./verbs/ehlo.ts";
import { expn, help, noop, vrfy } from "./verbs/inquiry.ts";
import { mail } from "./verbs/mail.ts";
import { quit } from "./verbs/quit.ts";
import { rcpt } from "./verbs/rcpt.ts";
import { rset } from "./verbs/rset.ts";
import { starttls } from "./verbs/starttls.ts";

/** Carries out a command. Nothing comes back where there is nothing more to say. */
export type Answer = (
  conversation: Conversation,
  argument: string,
  verb: string,
) => Reply | Promise<Reply | undefined>;

/** A command and its rules. */
export interface Verb {
  readonly answer: Answer;
  /** The client must wait for the reply before it sends more (RFC 2920 section 3.1). */
  readonly endsGroup?: boolean;
  /** Asks for nothing that brings a message nearer; a client that sends only these is sent away. */
  readonly isJunk?: boolean;
  /** It is carried out in the clear even where TLS is needed. */
  readonly isPreliminary?: boolean;
  /** The argument is an address, with its own reply for what no address may hold. */
  readonly takesPath?: boolean;
  /** By how much extensions lengthen the line. */
  readonly extraOctets?: number;
  /** What a line is answered that is longer than any command's; of use to the verb with the longest lines. */
  readonly tooLong?: Reply;
}

const mailOctets = extensions.reduce((sum, extension) => sum + (extension.mailOctets ?? 0), 0);
const rcptOctets = extensions.reduce((sum, extension) => sum + (extension.rcptOctets ?? 0), 0);

/** By upper-case name. */
export const verbs: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ["EHLO", { answer: ehlo, endsGroup: true, isPreliminary: true }],
  ["HELO", { answer: helo, endsGroup: true, isPreliminary: true }],
  ["STARTTLS", { answer: starttls, endsGroup: true, isPreliminary: true }],
  ["AUTH", { answer: auth, endsGroup: true, extraOctets: longestAuthArgument, tooLong: replies.authTooLong }],
  ["MAIL", { answer: mail, takesPath: true, extraOctets: mailOctets }],
  ["RCPT", { answer: rcpt, takesPath: true, extraOctets: rcptOctets }],
  ["DATA", { answer: data, endsGroup: true }],
  ["RSET", { answer: rset, isJunk: true, isPreliminary: true }],
  ["NOOP", { answer: noop, endsGroup: true, isJunk: true, isPreliminary: true }],
  ["VRFY", { answer: vrfy, endsGroup: true, isJunk: true }],
  ["EXPN", { answer: expn, endsGroup: true, isJunk: true }],
  ["HELP", { answer: help, isJunk: true, isPreliminary: true }],
  // What follows QUIT is not looked at, so it needs no reply of its own.
  ["QUIT", { answer: quit, isPreliminary: true }],
]);
