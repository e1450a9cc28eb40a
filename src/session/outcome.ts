/** The replies after a message: one for all of its recipients, or one for each. */

import type { Reply } from "../protocol/reply.ts";
import type { Conversation } from "./conversation.ts";
import type { Envelope } from "./envelope.ts";
import type { Outcome } from "./event.ts";
import * as replies from "./replies.ts";
import type { Session } from "./session.ts";
import type { Transaction } from "./transaction.ts";

/** Whether the client takes a reply for each recipient: in LMTP always, in SMTP when it asked for it with PRDR. */
export function hearsOfEach(session: Session, envelope: Envelope): boolean {
  return session.protocol.startsWith("LMTP") || envelope.prdr === true;
}

/** The replies in their order, all but the last of them, and what they come to. */
export interface MessageReplies {
  readonly before: readonly Reply[];
  readonly last: Reply;
  /** True for all recipients together: it says 250 when any of them took the message. */
  readonly overall: Reply;
}

/**
 * What the client is told.
 *
 * LMTP has one reply for each accepted RCPT, in their order, whatever became of the message (RFC 2033 section 4.2). With
 * PRDR the same replies stand between a 353 and one that sums up; where one reply does for all it stands alone, as the
 * clients that know PRDR expect it (draft-hall-prdr section 4.4, and Exim).
 */
export function repliesTo(conversation: Conversation, transaction: Transaction, outcome: Outcome): MessageReplies {
  const { envelope, id } = transaction;
  const isLmtp = conversation.options.protocol === "lmtp";
  if (!isEach(outcome)) {
    const reply = outcome ?? taken(id);
    const before = isLmtp ? envelope.to.slice(1).map(() => open(reply)) : [];
    return { before, last: reply, overall: reply };
  }
  const each = envelope.to.map(({ address }, index) => outcome[index] ?? taken(id, address));
  const overall = sum(each, id);
  const closes = each.some(({ close }) => close);
  if (!isLmtp && each.length > 1) {
    return {
      before: [replies.eachFollows, ...each.map(open)],
      last: closes ? { ...overall, close: true } : overall,
      overall,
    };
  }
  const last = each.at(-1) ?? overall;
  return { before: each.slice(0, -1).map(open), last: closes ? { ...last, close: true } : last, overall };
}

function isEach(outcome: Outcome): outcome is readonly (Reply | undefined)[] {
  return Array.isArray(outcome);
}

function taken(id: string, address?: string): Reply {
  return { code: 250, enhanced: "2.0.0", text: `${address === undefined ? "" : `<${address}> `}Ok: queued as ${id}` };
}

/** With others to follow no reply can end the session. */
function open({ code, enhanced, text }: Reply): Reply {
  return enhanced === undefined ? { code, text } : { code, enhanced, text };
}

/**
 * A client with PRDR reads a final 5xx as one for all, and a final 4xx as one for those who took the message: so 250 if
 * any of them did, and 5xx only if nobody's refusal is for a time.
 */
function sum(each: readonly Reply[], id: string): Reply {
  const accepted = each.filter(({ code }) => code < 300).length;
  if (accepted === each.length) return taken(id);
  if (accepted > 0) {
    return { code: 250, enhanced: "2.0.0", text: `Ok: queued as ${id} for ${accepted} of ${each.length} recipients` };
  }
  return open(each.find(({ code }) => code < 500) ?? each[0]!);
}
