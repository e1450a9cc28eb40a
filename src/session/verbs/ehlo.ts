/** EHLO and HELO (RFC 5321 section 4.1.1.1), and LMTP's LHLO (RFC 2033 section 4.1). */

import { isEhloLine } from "../../protocol/ehlo.ts";
import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import * as replies from "../replies.ts";
import { protocolOf } from "../protocol.ts";

type Hello = "EHLO" | "HELO" | "LHLO";

/** Each protocol has its own word, so that nobody takes the one for the other (RFC 2033 section 4.1). */
export function hello(conversation: Conversation, host: string, verb: string): Reply | Promise<Reply> {
  if ((verb === "LHLO") !== (conversation.options.protocol === "lmtp")) return replies.wrongProtocol;
  return greet(conversation, host, verb as Hello);
}

/** Any name is taken that has no blank in it: what it claims is for handlers to judge (section 4.1.4). */
const hostSyntax = /^[\x21-\x7e]{1,255}$/;

function greet(conversation: Conversation, host: string, verb: Hello): Reply | Promise<Reply> {
  // A bad EHLO changes nothing, not even an open transaction (section 4.1.4).
  if (!hostSyntax.test(host)) return replies.syntax(`${verb} hostname`);
  const decision = conversation.decide({ stage: "helo", session: conversation.session, host });
  if (decision instanceof Promise) return decision.then((reply) => welcome(conversation, host, verb, reply));
  return welcome(conversation, host, verb, decision);
}

function welcome(conversation: Conversation, host: string, verb: Hello, reply: Reply | undefined): Reply {
  if (reply !== undefined && reply.code >= 300) return reply;
  const { session, options } = conversation;
  conversation.endTransaction();
  conversation.extended = verb !== "HELO";
  session.helo = host;
  session.protocol = protocolOf(conversation);
  const [words = "", ...ownLines] = reply === undefined ? ["at your service"] : [reply.text].flat();
  const text = [`${options.name} ${words}`];
  if (!conversation.extended) return { code: 250, text };
  for (const extension of options.offer.extensions) {
    const line = extension.advertise(conversation);
    if (line !== undefined) text.push(line);
  }
  // The application may have extensions of its own: a line for each behind its first one.
  text.push(...ownLines.filter(isEhloLine));
  return { code: 250, text };
}
