/** EHLO and HELO (RFC 5321 section 4.1.1.1). */

import { isEhloLine } from "../../protocol/ehlo.ts";
import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import * as replies from "../replies.ts";
import type { Protocol } from "../session.ts";

export function ehlo(conversation: Conversation, host: string): Reply | Promise<Reply> {
  return hello(conversation, host, "EHLO");
}

export function helo(conversation: Conversation, host: string): Reply | Promise<Reply> {
  return hello(conversation, host, "HELO");
}

/** Any name is taken that has no blank in it: what it claims is for handlers to judge (section 4.1.4). */
const hostSyntax = /^[\x21-\x7e]{1,255}$/;

function hello(conversation: Conversation, host: string, verb: "EHLO" | "HELO"): Reply | Promise<Reply> {
  // A bad EHLO changes nothing, not even an open transaction (section 4.1.4).
  if (!hostSyntax.test(host)) return replies.syntax(`${verb} hostname`);
  const decision = conversation.decide({ stage: "helo", session: conversation.session, host });
  if (decision instanceof Promise) return decision.then((reply) => welcome(conversation, host, verb, reply));
  return welcome(conversation, host, verb, decision);
}

function welcome(conversation: Conversation, host: string, verb: "EHLO" | "HELO", reply: Reply | undefined): Reply {
  if (reply !== undefined && reply.code >= 300) return reply;
  const { session, options } = conversation;
  conversation.endTransaction();
  conversation.extended = verb === "EHLO";
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

/** The keyword of RFC 3848 for what was negotiated. */
export function protocolOf({ extended, session }: Conversation): Protocol {
  if (!extended) return "SMTP";
  return `ESMTP${session.tls ? "S" : ""}${session.user === undefined ? "" : "A"}`;
}
