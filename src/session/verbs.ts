/** The commands a session knows (RFC 5321 section 4.1.1), and what holds for each. */

import type { Reply } from "../protocol/reply.ts";
import type { Conversation } from "./conversation.ts";
import { longestAuthArgument } from "./exchange.ts";
import * as replies from "./replies.ts";
import { auth } from "./verbs/auth.ts";
import { bdat } from "./verbs/bdat.ts";
import { data } from "./verbs/data.ts";
import { hello } from "./verbs/ehlo.ts";
import { expn, help, noop, vrfy } from "./verbs/inquiry.ts";
import { mail } from "./verbs/mail.ts";
import { quit } from "./verbs/quit.ts";
import { rcpt } from "./verbs/rcpt.ts";
import { rset } from "./verbs/rset.ts";
import { starttls } from "./verbs/starttls.ts";
import { xclient } from "./verbs/xclient.ts";
import { xforward } from "./verbs/xforward.ts";

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
  /** Octets follow its line, which are no commands whatever becomes of it. */
  readonly hasOctets?: boolean;
  /** Asks for nothing that brings a message nearer; a client that sends only these is sent away. */
  readonly isJunk?: boolean;
  /** It is carried out in the clear even where TLS is needed. */
  readonly isPreliminary?: boolean;
  /** The argument is an address, with its own reply for what no address may hold. */
  readonly takesPath?: boolean;
  /** Whose extensions' parameters lengthen the line. */
  readonly parameters?: "mail" | "rcpt";
  /** By how much else the line may be longer. */
  readonly extraOctets?: number;
  /** What a line is answered that is longer than that. */
  readonly tooLong?: Reply;
  /** What a line with control characters is answered. */
  readonly badSyntax?: Reply;
}

/** By upper-case name. */
export const verbs: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ["EHLO", { answer: hello, endsGroup: true, isPreliminary: true }],
  ["HELO", { answer: hello, endsGroup: true, isPreliminary: true }],
  ["LHLO", { answer: hello, endsGroup: true, isPreliminary: true }],
  ["STARTTLS", { answer: starttls, endsGroup: true, isPreliminary: true }],
  ["AUTH", { answer: auth, endsGroup: true, extraOctets: longestAuthArgument, tooLong: replies.authTooLong }],
  ["MAIL", { answer: mail, takesPath: true, parameters: "mail" }],
  ["RCPT", { answer: rcpt, takesPath: true, parameters: "rcpt" }],
  ["DATA", { answer: data, endsGroup: true }],
  [
    "BDAT",
    { answer: bdat, hasOctets: true, isPreliminary: true, tooLong: replies.bdatSyntax, badSyntax: replies.bdatSyntax },
  ],
  ["RSET", { answer: rset, isJunk: true, isPreliminary: true }],
  ["NOOP", { answer: noop, endsGroup: true, isJunk: true, isPreliminary: true }],
  ["VRFY", { answer: vrfy, endsGroup: true, isJunk: true }],
  ["EXPN", { answer: expn, endsGroup: true, isJunk: true }],
  ["HELP", { answer: help, isJunk: true, isPreliminary: true }],
  ["XCLIENT", { answer: xclient }],
  ["XFORWARD", { answer: xforward }],
  // What follows QUIT is not looked at, so it needs no reply of its own.
  ["QUIT", { answer: quit, isPreliminary: true }],
]);
