/**
 * Spans of OpenTelemetry: one for each session, transaction and question to the handlers. Names and attributes are those
 * of its semantic conventions where there are any; no span says more of anybody than the log does.
 */

import { type Context, context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Verdict } from "../app/dispatch.ts";
import type { StageEvent } from "../app/stage.ts";
import type { Conversation } from "../session/conversation.ts";
import type { MessageOutcome, Observer } from "../session/observer.ts";
import type { Transaction } from "../session/transaction.ts";
import { version } from "../version.ts";
import { describeError } from "../visible.ts";

/** Everything that spans are made of. */
export type TracingObserver = Required<
  Pick<
    Observer,
    "began" | "transactionBegan" | "message" | "transactionEnded" | "handshakeFailed" | "failed" | "ended"
  >
>;

export class Tracing implements TracingObserver {
  readonly #tracer = trace.getTracer("postern", version);
  /** By session and by envelope, as events have them: where the spans of what belongs to them hang. */
  readonly #contexts = new WeakMap<object, Context>();
  /** The questions that are being answered. */
  readonly #asked = new WeakMap<StageEvent, Span>();

  began({ session }: Conversation): void {
    const { id, remote, local, protocol, startedAt } = session;
    const attributes = {
      "session.id": id,
      "network.protocol.name": protocol.startsWith("LMTP") ? "lmtp" : "smtp",
      "client.address": remote.address,
      "client.port": remote.port,
      "server.address": local.address,
      "server.port": local.port,
    };
    const options = { kind: SpanKind.SERVER, root: true, startTime: startedAt, attributes };
    this.#hang(session, this.#tracer.startSpan("smtp session", options, ROOT_CONTEXT), ROOT_CONTEXT);
  }

  transactionBegan({ session }: Conversation, { id, envelope }: Transaction): void {
    const parent = this.#contexts.get(session) ?? ROOT_CONTEXT;
    const attributes = { "smtp.transaction.id": id };
    this.#hang(envelope, this.#tracer.startSpan("smtp transaction", { attributes }, parent), parent);
  }

  message(_: Conversation, { envelope }: Transaction, { size, reply }: MessageOutcome): void {
    this.#spanOf(envelope)?.setAttributes({
      "smtp.message.size": size,
      "smtp.message.recipients": envelope.to.length,
      "smtp.reply.code": reply.code,
    });
  }

  transactionEnded(_: Conversation, { envelope }: Transaction): void {
    this.#spanOf(envelope)?.end();
  }

  handshakeFailed({ session }: Conversation, error: unknown): void {
    fail(this.#spanOf(session), error);
  }

  failed({ session }: Conversation, error: unknown): void {
    fail(this.#spanOf(session), error);
  }

  ended({ session, wire, transactions }: Conversation): void {
    const span = this.#spanOf(session);
    if (span === undefined) return;
    const { tls, user } = session;
    span.setAttributes({ "smtp.session.outcome": wire.ending, "smtp.session.transactions": transactions });
    if (user !== undefined) span.setAttribute("user.name", user);
    if (tls !== undefined) {
      const version = tls.protocol.replace(/^TLSv/, "");
      span.setAttributes({ "tls.protocol.name": "tls", "tls.protocol.version": version, "tls.cipher": tls.cipher });
    }
    span.end();
  }

  /** A span around the handlers of a stage, under which theirs hang. */
  async around(event: StageEvent, ask: () => Promise<Verdict>): Promise<Verdict> {
    const envelope = "envelope" in event ? event.envelope : undefined;
    const parent = (envelope === undefined ? undefined : this.#contexts.get(envelope)) ??
      this.#contexts.get(event.session) ?? ROOT_CONTEXT;
    const span = this.#tracer.startSpan(`smtp ${event.stage}`, { attributes: { "smtp.stage": event.stage } }, parent);
    this.#asked.set(event, span);
    const verdict = await context.with(trace.setSpan(parent, span), ask);
    this.#asked.delete(event);
    if (verdict !== "no opinion" && verdict.reply !== undefined) {
      span.setAttribute("smtp.reply.code", verdict.reply.code);
    }
    span.end();
    return verdict;
  }

  /** A handler failed; so has what it was to do. */
  handlerFailed(event: StageEvent, error: unknown): void {
    fail(this.#asked.get(event), error);
    if (!("envelope" in event) || event.envelope === undefined) return;
    this.#spanOf(event.envelope)?.setStatus({ code: SpanStatusCode.ERROR });
  }

  #hang(owner: object, span: Span, parent: Context): void {
    this.#contexts.set(owner, trace.setSpan(parent, span));
  }

  #spanOf(owner: object): Span | undefined {
    const found = this.#contexts.get(owner);
    return found === undefined ? undefined : trace.getSpan(found);
  }
}

function fail(span: Span | undefined, error: unknown): void {
  if (span === undefined) return;
  const message = describeError(error);
  let type = "_OTHER";
  try {
    span.recordException(error instanceof Error ? error : message);
    if (error instanceof Error) type = error.name;
  } catch {
    // It throws when it is looked at.
    span.recordException(message);
  }
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}
