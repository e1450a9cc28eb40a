/** One turn of the conversation: a command line in, its reply out. */

import { hasControl, isHttpRequest, parseCommand } from "../protocol/command.ts";
import type { Reply } from "../protocol/reply.ts";
import type { Conversation } from "./conversation.ts";
import type { Line, LineError } from "./input.ts";
import { mostOctets } from "./offer.ts";
import * as replies from "./replies.ts";
import { type Verb, verbs } from "./verbs.ts";
import { unknown } from "./verbs/unknown.ts";

/** RFC 5321 section 4.5.3.1.4: the longest command line, CRLF included, unless its extensions lengthen it. */
const commandLine = 512;

/** No line of any verb is longer, whatever is offered: what is longer need not be kept. */
export const longestLine: number = commandLine +
  Math.max(mostOctets, ...[...verbs.values()].map((verb) => verb.extraOctets ?? 0));

/** Answers one line. */
export function answer(conversation: Conversation, line: Line): Reply | Promise<Reply | undefined> {
  conversation.verb = "";
  if (typeof line !== "string") return unreadable(line.error, line.start);
  const command = parseCommand(line);
  // Whatever is wrong with its line: the octets behind a BDAT are no commands.
  if (command === undefined) return isBdat.test(line) ? replies.bdatSyntax : replies.badSyntax;
  const verb = verbs.get(command.verb);
  if (verb !== undefined) conversation.verb = command.verb;
  else if (isHttpRequest(line)) return replies.http;
  if (octets(line) + 2 > allowance(conversation, verb)) return verb?.tooLong ?? replies.tooLong;
  // An address with a control character is a bad address, and is refused as one.
  if (!verb?.takesPath && hasControl(line)) return verb?.badSyntax ?? replies.badSyntax;
  if (conversation.refused) return refuseAll(command.verb, verb);
  const untimely = refuseUntimely(conversation, verb);
  if (untimely !== undefined) return untimely;
  if (verb === undefined) return unknown(conversation, command.argument, command.verb);
  return verb.answer(conversation, command.argument, command.verb);
}

/** RFC 5321 section 3.1: after a refusal at the greeting the client may only QUIT. */
function refuseAll(name: string, verb: Verb | undefined): Reply {
  if (name === "QUIT") return replies.bye;
  return verb?.hasOctets ? { ...replies.connection, close: true } : replies.connection;
}

/** Commands that come when nothing is to be gained from them, or before the client could know that they may. */
function refuseUntimely(conversation: Conversation, verb: Verb | undefined): Reply | undefined {
  const { options, session } = conversation;
  if (verb?.endsGroup && conversation.wire.input.hasMore && options.pipelining === "strict") {
    return replies.synchronization;
  }
  // RFC 3207 section 4: "to every command other than NOOP, EHLO, STARTTLS, or QUIT"; three more give nothing away.
  if (options.requireTls && session.tls === undefined && !verb?.isPreliminary) return replies.needsTls;
  if (verb?.isJunk && ++conversation.junkCommands > options.limits.junkCommands) return replies.tooManyCommands;
  return undefined;
}

const isBdat = /^\s*BDAT\b/i;

function unreadable(error: LineError, start = ""): Reply {
  if (isBdat.test(start)) return replies.bdatSyntax;
  switch (error) {
    case "too long":
      return verbs.get(parseCommand(start)?.verb ?? "")?.tooLong ?? replies.tooLong;
    case "not UTF-8":
      return replies.notUtf8;
    case "TLS hello":
      return replies.tlsHello;
  }
}

function allowance({ options }: Conversation, verb: Verb | undefined): number {
  const parameters = verb?.parameters === undefined ? 0 : options.offer.octets[verb.parameters];
  return commandLine + parameters + (verb?.extraOctets ?? 0);
}

const encoder = new TextEncoder();

/** The line's length on the wire. */
function octets(line: string): number {
  return line.length * 3 + 2 <= commandLine ? line.length : encoder.encode(line).length;
}
