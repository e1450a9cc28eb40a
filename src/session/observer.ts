/** Who watches sessions: the log, and whatever counts. */

import type { Reply } from "../protocol/reply.ts";
import type { Socket } from "../socket.ts";
import type { Conversation } from "./conversation.ts";
import type { Transaction } from "./transaction.ts";

export interface Observer {
  /** A conversation begins; nothing was said yet. */
  began?(conversation: Conversation, socket: Socket): void;
  /** A reply was given; `conversation.verb` is what it answers. */
  replied?(conversation: Conversation, reply: Reply): void;
  /** MAIL was accepted. */
  transactionBegan?(conversation: Conversation, transaction: Transaction): void;
  /** The transaction is over, whatever became of it; a message that came whole was told of before. */
  transactionEnded?(conversation: Conversation, transaction: Transaction): void;
  /** A message was received whole and answered. */
  message(conversation: Conversation, transaction: Transaction, outcome: MessageOutcome): void;
  /** An AUTH command was answered. */
  authentication?(conversation: Conversation, outcome: AuthOutcome): void;
  /** The session is over. */
  ended(conversation: Conversation): void;
  /** The client and the server could not agree on TLS, or the client went away before they did. */
  handshakeFailed(conversation: Conversation, error: unknown): void;
  /** Something went wrong that should not be able to: the session was dropped. */
  failed(conversation: Conversation, error: unknown): void;
  /** A message could not be kept, and its sender was asked to come back: disk full, folder gone, budget spent. */
  unstored?(error: unknown): void;
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

/** What became of an AUTH command. Holds no secret, and nothing that a client sent who was not let in. */
export interface AuthOutcome {
  readonly mechanism: string;
  /** `refused`: the credentials were not good. `ended`: it did not come to that. */
  readonly type: "success" | "refused" | "ended";
  readonly reply: Reply;
  /** Why not, where the mechanism knows. */
  readonly reason: string | undefined;
}
