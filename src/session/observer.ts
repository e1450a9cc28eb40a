/** Who watches sessions: the log, and whatever counts. */

import type { Reply } from "../protocol/reply.ts";
import type { Conversation } from "./conversation.ts";
import type { Transaction } from "./transaction.ts";

export interface Observer {
  /** A message was received whole and answered. */
  message(conversation: Conversation, transaction: Transaction, outcome: MessageOutcome): void;
  /** The session is over. */
  ended(conversation: Conversation): void;
  /** Something went wrong that should not be able to: the session was dropped. */
  failed(conversation: Conversation, error: unknown): void;
  /** A connection was not let in: there were too many. */
  turnedAway(address: string, reason: "too many connections" | "too many connections from one address"): void;
}

/** What became of a message. */
export interface MessageOutcome {
  /** Octets received. */
  readonly size: number;
  readonly reply: Reply;
  /** From MAIL's acceptance to the reply. */
  readonly milliseconds: number;
}
