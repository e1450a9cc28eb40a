/** Commands the application may know, and those that nobody knows (RFC 5321 section 4.2.4). */

import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import { Prompts } from "../prompts.ts";
import * as replies from "../replies.ts";

/** Verbs that RFCs define and this server does not carry out, as against verbs it never heard of. */
const notImplemented = new Set(["TURN", "SEND", "SOML", "SAML"]);

/** Extensions' verbs where the extension is not offered. */
const notHere = new Set(["ETRN", "ATRN", "AUTH"]);

export function unknown(conversation: Conversation, argument: string, verb: string): Reply | Promise<Reply> {
  const reply = notImplemented.has(verb)
    ? replies.notImplemented
    : notHere.has(verb)
    ? replies.wrongProtocol
    : replies.unknown;
  return custom(conversation, verb, argument, reply);
}

/** The application's answer, or the server's own. */
export function custom(
  conversation: Conversation,
  verb: string,
  argument: string,
  fallback: Reply,
): Reply | Promise<Reply> {
  const { session, transaction } = conversation;
  const envelope = transaction === undefined ? {} : { envelope: transaction.envelope };
  const prompts = new Prompts(conversation);
  const ask = (reply: Reply) => prompts.ask(reply);
  const decision = conversation.decide({ stage: "command", session, ...envelope, verb, argument, ask });
  if (decision instanceof Promise) return decision.then((reply) => prompts.end(reply ?? fallback));
  return decision ?? fallback;
}
