/** What is written down: one line for each session and each message. Silent until LogTape is configured. */

import { getLogger, type Logger } from "@logtape/logtape";
import type { StageEvent } from "./app/stage.ts";
import type { Reply } from "./protocol/reply.ts";
import type { Conversation } from "./session/conversation.ts";
import type { AuthOutcome, MessageOutcome, Observer } from "./session/observer.ts";
import type { Transaction } from "./session/transaction.ts";

const sessions: Logger = getLogger(["postern", "session"]);
const messages: Logger = getLogger(["postern", "message"]);
const handlers: Logger = getLogger(["postern", "handler"]);

/** Control characters, and what only looks like text, as escapes: nobody writes lines of their own into the log. */
export function visible(text: string): string {
  return text.toWellFormed().replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\\]/g, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return character === "\\"
      ? "\\\\"
      : code.length > 2
      ? `\\u${code.padStart(4, "0")}`
      : `\\x${code.padStart(2, "0")}`;
  });
}

/** Writes the log. */
export const logObserver: Observer = {
  message(conversation: Conversation, transaction: Transaction, outcome: MessageOutcome): void {
    if (!messages.isEnabledFor("info")) return;
    const { session } = conversation;
    const { envelope } = transaction;
    messages.info("{id} from={from} to={to} size={size} client={client} reply={reply} in {milliseconds} ms", {
      id: transaction.id,
      session: session.id,
      client: session.remote.address,
      helo: visible(session.helo ?? ""),
      from: visible(`<${envelope.from?.address ?? ""}>`),
      to: envelope.to.map((recipient) => visible(`<${recipient.address}>`)).join(","),
      recipients: envelope.to.length,
      size: outcome.size,
      reply: replyLine(outcome.reply),
      milliseconds: Math.round(outcome.milliseconds),
    });
  },

  authentication(conversation: Conversation, { mechanism, type, reply, reason }: AuthOutcome): void {
    const { session } = conversation;
    // The name of who was not let in is not written down: people type their passwords there.
    const who = session.user === undefined ? {} : { user: visible(session.user) };
    const facts = {
      id: session.id,
      client: session.remote.address,
      mechanism,
      reply: replyLine(reply),
      reason,
      ...who,
    };
    if (type === "success") sessions.info("{id} client={client} is {user} by {mechanism}", facts);
    else sessions.warn("{id} client={client} failed {mechanism} reply={reply}: {reason}", facts);
  },

  ended(conversation: Conversation): void {
    if (!sessions.isEnabledFor("info")) return;
    const { session } = conversation;
    sessions.info("{id} client={client} helo={helo} {protocol} {ending} messages={messages} in {milliseconds} ms", {
      id: session.id,
      client: session.remote.address,
      helo: visible(session.helo ?? ""),
      protocol: session.protocol,
      ending: conversation.ending,
      messages: conversation.transactions,
      milliseconds: Date.now() - session.startedAt.getTime(),
    });
  },

  failed(conversation: Conversation, error: unknown): void {
    sessions.error("{id} was dropped: {error}", { id: conversation.session.id, error });
  },
};

/** A handler failed: what it was asked, what it did, and what the client was told instead. */
export function logHandlerFailure(event: StageEvent, error: unknown, reply: Reply): void {
  handlers.error("{session} {stage} failed, client was told {reply}: {error}", {
    session: event.session.id,
    stage: event.stage,
    reply: replyLine(reply),
    error,
  });
}

function replyLine(reply: Reply): string {
  return visible([reply.code, reply.enhanced, [reply.text].flat()[0]].filter((part) => part !== undefined).join(" "));
}
