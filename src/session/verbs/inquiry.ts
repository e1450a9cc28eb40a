/** VRFY, EXPN, HELP and NOOP (RFC 5321 sections 4.1.1.6 to 4.1.1.9): an application may answer each in its own way. */

import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import * as replies from "../replies.ts";
import { custom } from "./unknown.ts";

export function vrfy(conversation: Conversation, argument: string): Reply | Promise<Reply> {
  if (argument === "") return replies.syntax("VRFY address");
  // 252 tells nobody whether an address exists (section 7.3).
  const noComment = { code: 252, enhanced: "2.0.0", text: "Cannot verify, but send mail and it will be tried" };
  return custom(conversation, "VRFY", argument, noComment);
}

export function expn(conversation: Conversation, argument: string): Reply | Promise<Reply> {
  return custom(conversation, "EXPN", argument, replies.notImplemented);
}

export function help(conversation: Conversation, argument: string): Reply | Promise<Reply> {
  const hello = conversation.options.protocol === "lmtp" ? "LHLO" : "EHLO HELO";
  const text = `Commands: ${hello} MAIL RCPT DATA RSET NOOP VRFY HELP QUIT`;
  return custom(conversation, "HELP", argument, { code: 214, enhanced: "2.0.0", text });
}

export function noop(conversation: Conversation, argument: string): Reply | Promise<Reply> {
  return custom(conversation, "NOOP", argument, replies.ok);
}
