/** MAIL (RFC 5321 section 4.1.1.2): a transaction begins. */

import { parseParameters } from "../../protocol/parameters.ts";
import { isInternationalized, parsePath } from "../../protocol/path.ts";
import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import * as replies from "../replies.ts";
import { Transaction } from "../transaction.ts";
import { applyParameters } from "./parameters.ts";

export function mail(conversation: Conversation, argument: string): Reply | Promise<Reply> {
  const { session, options } = conversation;
  if (session.helo === undefined) return replies.helloFirst(options.protocol);
  if (options.requireAuth && session.user === undefined) return replies.needsAuth;
  if (conversation.transaction !== undefined) return replies.nestedMail;
  if (conversation.transactions >= options.limits.transactions) return replies.tooManyTransactions;
  if (!/^FROM:/i.test(argument)) return replies.syntax("MAIL FROM:<address>");
  const path = parsePath(argument.slice(5));
  if (path === "syntax") return replies.syntax("MAIL FROM:<address>");
  if (path === "address" || path.mailbox?.domain === "") return replies.badSender;
  const parameters = parseParameters(path.rest);
  if (parameters === undefined) return replies.syntax("MAIL FROM:<address> [parameters]");
  const transaction = new Transaction(`${session.id}.${conversation.transactions}`, path.mailbox, parameters);
  const { envelope } = transaction;
  if (conversation.forwarded !== undefined) envelope.forwarded = conversation.forwarded;
  const problem = applyParameters(conversation, "mail", parameters, envelope);
  if (problem !== undefined) return problem;
  if (path.mailbox !== null && isInternationalized(path.mailbox) && !envelope.smtputf8) return replies.needsSmtputf8;
  const decision = conversation.decide({ stage: "mail", session, envelope });
  if (decision instanceof Promise) return decision.then((reply) => begin(conversation, transaction, reply));
  return begin(conversation, transaction, decision);
}

function begin(conversation: Conversation, transaction: Transaction, reply: Reply = replies.mailOk): Reply {
  if (reply.code < 300) conversation.beginTransaction(transaction);
  return reply;
}
