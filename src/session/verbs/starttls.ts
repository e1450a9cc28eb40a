/** STARTTLS (RFC 3207): the rest of the session is encrypted. */

import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import * as replies from "../replies.ts";

/**
 * It needs no EHLO before it: no mail depends on it (RFC 5321 section 4.1.4), and what EHLO told is forgotten anyway.
 * After the 220 there is no reply in the clear, whatever happens.
 */
export function starttls(conversation: Conversation, argument: string): Reply | Promise<undefined> {
  if (argument !== "") return replies.syntax("STARTTLS");
  if (conversation.session.tls !== undefined) return replies.alreadyEncrypted;
  if (!conversation.canStartTls) return replies.notImplemented;
  return conversation.startTls(replies.startTls);
}
