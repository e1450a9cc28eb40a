/** RCPT (RFC 5321 section 4.1.1.3): one more recipient. */

import { parseParameters } from "../../protocol/parameters.ts";
import { isInternationalized, parsePath } from "../../protocol/path.ts";
import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import { type Recipient, recipientOf } from "../envelope.ts";
import * as replies from "../replies.ts";
import type { Transaction } from "../transaction.ts";
import { applyParameters } from "./parameters.ts";

export function rcpt(conversation: Conversation, argument: string): Reply | Promise<Reply> {
  const { session, options, transaction } = conversation;
  if (transaction === undefined) return replies.mailFirst;
  if (transaction.reception !== undefined) return replies.afterBdat("RCPT");
  if (!/^TO:/i.test(argument)) return replies.syntax("RCPT TO:<address>");
  const path = parsePath(argument.slice(3));
  if (path === "syntax") return replies.syntax("RCPT TO:<address>");
  if (path === "address" || path.mailbox === null) return replies.badRecipient;
  const parameters = parseParameters(path.rest);
  if (parameters === undefined) return replies.syntax("RCPT TO:<address> [parameters]");
  const { envelope } = transaction;
  if (isInternationalized(path.mailbox) && !envelope.smtputf8) return replies.needsSmtputf8;
  if (envelope.to.length >= options.limits.recipients) return replies.tooManyRecipients;
  const recipient = recipientOf(path.mailbox, parameters);
  const problem = applyParameters(conversation, "rcpt", parameters, recipient);
  if (problem !== undefined) return problem;
  const decision = conversation.decide({ stage: "rcpt", session, envelope, recipient });
  if (decision instanceof Promise) return decision.then((reply) => join(conversation, transaction, recipient, reply));
  return join(conversation, transaction, recipient, decision);
}

function join(
  conversation: Conversation,
  transaction: Transaction,
  recipient: Recipient,
  reply: Reply = replies.rcptOk,
): Reply {
  if (reply.code < 300) {
    transaction.envelope.to.push(recipient);
    return reply;
  }
  transaction.refused++;
  // Whoever tries name after name looks for addresses, and has no mail to deliver.
  return ++conversation.junkCommands > conversation.options.limits.junkCommands ? replies.tooManyCommands : reply;
}
