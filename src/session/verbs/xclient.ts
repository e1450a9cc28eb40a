/** XCLIENT (Postfix's XCLIENT_README): a trusted client says whom it speaks for, and the session begins again. */

import { parseAttributes } from "../../protocol/attributes.ts";
import type { Reply } from "../../protocol/reply.ts";
import { badClaim, type Claims, xclientNames } from "../claims.ts";
import type { Conversation } from "../conversation.ts";
import { protocolOf } from "../protocol.ts";
import * as replies from "../replies.ts";
import { emptyLocals } from "../session.ts";

/** Who may say it is decided by the connection, not by what was claimed before. */
export function xclient(conversation: Conversation, argument: string): Reply | Promise<Reply> {
  const { claims, transaction } = conversation;
  if (claims === undefined || !conversation.options.offer.has("xclient")) return replies.notTrusted;
  if (transaction !== undefined) return replies.inTransaction("XCLIENT");
  if (argument === "") return replies.syntax("XCLIENT attribute=value…");
  const attributes = parseAttributes(argument, xclientNames);
  if ("fault" in attributes) return replies.badAttribute("XCLIENT", attributes.fault);
  const bad = badClaim(attributes);
  if (bad !== undefined) return replies.badAttribute("XCLIENT", `bad value of ${bad}`);
  claims.add(attributes, conversation.transactions);
  begin(conversation, claims);
  return decide(conversation, claims);
}

/** Nothing is left of the session's first client but its encryption, which cannot be taken back. */
function begin(conversation: Conversation, claims: Claims): void {
  const { session } = conversation;
  conversation.endTransaction();
  conversation.extended = false;
  conversation.authFailures = 0;
  claims.applyTo(session);
  delete session.helo;
  session.protocol = protocolOf(conversation);
  session.locals = emptyLocals();
  if (session.tls?.peerCertificate !== undefined) {
    // It says who the trusted client is, and nothing of the other one.
    const { peerCertificate: _, ...tls } = session.tls;
    session.tls = tls;
  }
}

/** The application is asked about the connection as if it had just been made, and about the name that came with it. */
async function decide(conversation: Conversation, claims: Claims): Promise<Reply> {
  const { session } = conversation;
  const greeted = await conversation.begin(false);
  const { helo } = claims;
  if (conversation.refused || helo === undefined) return greeted;
  const answer = await conversation.decide({ stage: "helo", session, host: helo });
  if (answer !== undefined && answer.code >= 300) return answer;
  session.helo = helo;
  conversation.extended = claims.isExtended;
  session.protocol = protocolOf(conversation);
  return greeted;
}
