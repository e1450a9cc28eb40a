/** RSET (RFC 5321 section 4.1.1.5): the transaction never was. */

import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import * as replies from "../replies.ts";

export function rset(conversation: Conversation, argument: string): Reply {
  if (argument !== "") return replies.syntax("RSET");
  conversation.endTransaction();
  return replies.ok;
}
