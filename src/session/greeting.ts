/** The server's first words (RFC 5321 section 3.1), which XCLIENT has it say again. */

import type { Reply } from "../protocol/reply.ts";
import type { Conversation } from "./conversation.ts";
import * as replies from "./replies.ts";

/** 220, or why the client is not welcome. Who has heard it once may have sent more in the meantime. */
export async function greeting(conversation: Conversation, isFirst: boolean): Promise<Reply> {
  const { options, session, wire: { input } } = conversation;
  const decision = conversation.decide({ stage: "connect", session });
  let reply: Reply | undefined;
  if (decision instanceof Promise) {
    if (isFirst) input.listen();
    reply = await decision;
    // Whoever talks before the greeting does not wait for replies (RFC 5321 section 4.3.1).
    if (isFirst && input.hasMore && options.pipelining === "strict") return replies.synchronization;
  } else reply = decision;
  if (reply !== undefined && reply.code >= 300) return reply;
  // No enhanced code, and the server's name comes first (RFC 2034 section 4, RFC 5321 section 4.3.1).
  const text = reply === undefined ? ["Postern"] : [reply.text].flat();
  text[0] = `${options.name} ${options.protocol === "lmtp" ? "LMTP" : "ESMTP"} ${text[0] ?? ""}`;
  return { code: 220, text };
}
