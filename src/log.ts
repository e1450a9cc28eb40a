/** What is written down: one line for each session and each message. Silent until LogTape is configured, but for errors. */

import { getLogger, type Logger } from "@logtape/logtape";
import type { StageEvent } from "./app/stage.ts";
import type { FileRoom } from "./fileroom.ts";
import { LogLine } from "./logline.ts";
import type { Reply } from "./protocol/reply.ts";
import type { Conversation } from "./session/conversation.ts";
import type { AuthOutcome, MessageOutcome, Observer } from "./session/observer.ts";
import type { Session } from "./session/session.ts";
import type { Transaction } from "./session/transaction.ts";
import { isErrorHeard, logError } from "./unheard.ts";
import { describeError, stackOf, visible } from "./visible.ts";

const sessions: Logger = getLogger(["postern", "session"]);
const messages: Logger = getLogger(["postern", "message"]);
const tls: Logger = getLogger(["postern", "tls"]);
const proxies: Logger = getLogger(["postern", "proxy"]);
const handlers: Logger = getLogger(["postern", "handler"]);
const connections: Logger = getLogger(["postern", "connection"]);
const spool: Logger = getLogger(["postern", "spool"]);

/** So many recipients are named; how many there were is logged as a number. */
const mostNamed = 20;

/** What is logged of an error. Its stack is for those who look for bugs. */
export function errorFields(logger: Logger, thrown: unknown): Record<string, string> {
  const error = describeError(thrown);
  return logger.isEnabledFor("debug") ? { error, stack: stackOf(thrown) } : { error };
}

const messageLine = new LogLine(
  messages,
  "{id} from={from} to={to} size={size} client={client} reply={reply} in {milliseconds} ms",
);
const sessionLine = new LogLine(
  sessions,
  "{id} client={client} helo={helo} {protocol} {ending} messages={messages} in {milliseconds} ms",
);

/** Writes the log. */
export const logObserver: Observer = {
  message(conversation: Conversation, transaction: Transaction, outcome: MessageOutcome): void {
    if (!messageLine.isEnabledFor("info")) return;
    const { session } = conversation;
    const { id, envelope: { from, to } } = transaction;
    const fields: Record<string, unknown> = {
      id,
      session: session.id,
      client: visible(session.remote.address),
      helo: visible(session.helo ?? ""),
      protocol: session.protocol,
      from: visible(`<${from?.address ?? ""}>`),
      to: to.slice(0, mostNamed).map(({ address }) => visible(`<${address}>`)),
      recipients: to.length,
      size: outcome.size,
      code: outcome.reply.code,
      reply: replyLine(outcome.reply),
      milliseconds: Math.round(outcome.milliseconds),
    };
    addKnown(fields, session);
    messageLine.write("info", fields);
  },

  authentication(conversation: Conversation, { mechanism, type, reply, reason }: AuthOutcome): void {
    const { session } = conversation;
    // The name of who was not let in is not written down: people type their passwords there.
    const who = session.user === undefined ? {} : { user: visible(session.user) };
    const facts = {
      id: session.id,
      client: visible(session.remote.address),
      mechanism: visible(mechanism),
      reply: replyLine(reply),
      reason: reason === undefined ? undefined : visible(reason),
      ...who,
    };
    if (type === "success") sessions.info("{id} client={client} is {user} by {mechanism}", facts);
    else sessions.warn("{id} client={client} failed {mechanism} reply={reply}: {reason}", facts);
  },

  ended(conversation: Conversation): void {
    const { session } = conversation;
    // What a proxy does for itself, mail apart, is a health check: every few seconds, all day.
    const level = session.proxy?.namesClient === false && conversation.transactions === 0 ? "debug" : "info";
    if (!sessionLine.isEnabledFor(level)) return;
    const fields: Record<string, unknown> = {
      id: session.id,
      client: visible(session.remote.address),
      helo: visible(session.helo ?? ""),
      protocol: session.protocol,
      ending: conversation.wire.ending,
      messages: conversation.transactions,
      milliseconds: Date.now() - session.startedAt.getTime(),
    };
    addKnown(fields, session);
    sessionLine.write(level, fields);
  },

  handshakeFailed(conversation: Conversation, error: unknown): void {
    sessions.info("{id} client={client} TLS handshake failed: {reason}", {
      id: conversation.session.id,
      client: visible(conversation.session.remote.address),
      reason: visible(error instanceof Error ? error.message.trim() : String(error)),
    });
  },

  failed(conversation: Conversation, error: unknown): void {
    const { session } = conversation;
    const fields: Record<string, unknown> = {
      id: session.id,
      client: visible(session.remote.address),
      helo: visible(session.helo ?? ""),
      protocol: session.protocol,
      ...errorFields(sessions, error),
    };
    addKnown(fields, session);
    logError(sessions, "{id} client={client} was dropped: {error}", fields);
  },

  unstored(error: unknown): void {
    const count = unstoredLines.count();
    if (count === undefined) return;
    const cause = error instanceof Error && error.cause !== undefined ? `: ${describeError(error.cause)}` : "";
    const fields = errorFields(spool, error);
    logError(
      spool,
      "a message could not be kept, its sender was asked to come back: {error}; {messages} messages since the last such line",
      {
        ...fields,
        error: `${fields["error"]}${cause}`,
        messages: count,
      },
    );
  },

  turnedAway(address: string, reason: string): void {
    const count = turnedAwayLines.count();
    if (count === undefined) return;
    connections.warn("{client} was turned away: {reason}; {connections} connections since the last such line", {
      client: visible(address),
      reason,
      connections: count,
    });
  },
};

/** One line in ten seconds, with the number of what it stands for: whoever floods the server must not flood the log. */
class Summary {
  #events = 0;
  #quietUntil = 0;

  /** One more; returns how many the line that is due stands for. */
  count(): number | undefined {
    this.#events++;
    const now = Date.now();
    if (now < this.#quietUntil) return undefined;
    this.#quietUntil = now + 10_000;
    const events = this.#events;
    this.#events = 0;
    return events;
  }
}

const turnedAwayLines = new Summary();
const acceptLines = new Summary();
const unstoredLines = new Summary();

/** The process may not have as many files open as it was asked to have connections. */
export function logFewFiles({ limit, connections: room }: FileRoom, wanted: number): void {
  connections.warn(
    "{room} connections at a time are taken, not {wanted}: the limit on open files is {limit} (ulimit -n)",
    { room, wanted, limit },
  );
}

/** The runtime could not accept a connection: mostly for want of file descriptors. */
export function logAcceptFailure(error: unknown): void {
  const count = acceptLines.count();
  if (count === undefined) return;
  logError(connections, "cannot accept connections: {error}; failed {times} times since the last such line", {
    ...errorFields(connections, error),
    times: count,
  });
}

/** TLS is configured, and the runtime cannot do it with these certificates. */
export function logTlsUnproven(error: unknown): void {
  logError(
    tls,
    "STARTTLS is not offered: the server could not shake hands with itself: {error}",
    errorFields(tls, error),
  );
}

/** A connection from an address in `proxyProtocol` was dropped. */
export function logProxyFault(proxy: string, reason: string): void {
  proxies.warn("{proxy} was dropped for want of a PROXY header: {reason}", {
    proxy: visible(proxy),
    reason: visible(reason),
  });
}

/** A handler failed: what it was asked, what it did, and what the client was told instead. */
export function logHandlerFailure(event: StageEvent, error: unknown, reply: Reply): void {
  if (!isErrorHeard(handlers)) return;
  const { session: { id: session }, stage } = event;
  // Nobody is there any more to be told anything.
  if (stage === "disconnect") {
    logError(handlers, "{session} {stage} failed: {error}", { session, stage, ...errorFields(handlers, error) });
    return;
  }
  logError(handlers, "{session} {stage} failed, client was told {reply}: {error}", {
    session,
    stage,
    ...("id" in event ? { id: event.id } : {}),
    ...("recipient" in event ? { recipient: visible(`<${event.recipient.address}>`) } : {}),
    code: reply.code,
    reply: replyLine(reply),
    ...errorFields(handlers, error),
  });
}

/** What is not known of every client. */
function addKnown(fields: Record<string, unknown>, { tls, user }: Session): void {
  if (tls !== undefined) fields["tls"] = visible(tls.protocol);
  if (user !== undefined) fields["user"] = visible(user);
}

function replyLine({ code, enhanced, text }: Reply): string {
  const first = typeof text === "string" ? text : text[0] ?? "";
  return visible(enhanced === undefined ? `${code} ${first}` : `${code} ${enhanced} ${first}`);
}
