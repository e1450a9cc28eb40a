/** QUIT (RFC 5321 section 4.1.1.10). */

import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import * as replies from "../replies.ts";

export function quit(_: Conversation, argument: string): Reply {
  return argument === "" ? replies.bye : replies.syntax("QUIT");
}
