/** One question through the app: Request in, Response out, in time and whatever the handlers do. */

import type { ExecutionContext } from "hono";
import type { Reply } from "../protocol/reply.ts";
import type { AuthEvent } from "../session/event.ts";
import type { Deadlines } from "../session/deadline.ts";
import { isEndOfChain, silence, type StageCall } from "./entrance.ts";
import { watched } from "./inspection.ts";
import type { Mail } from "./mail.ts";
import { stageRequest } from "./request.ts";
import { NonsenseError, replyOf, tryAgain } from "./response.ts";
import type { Passages } from "./passage.ts";
import type { StageRoutes } from "./routes.ts";
import { pathOf, type StageEvent } from "./stage.ts";
import { TimeLimit } from "./timelimit.ts";
import { namedUser } from "./user.ts";

/** What dispatching needs. */
export interface Surroundings {
  readonly routes: StageRoutes;
  /** `c.env`. */
  readonly bindings: object | undefined;
  /** Milliseconds for one handler. */
  readonly handlerTimeout: number;
  /** Who looks at deadlines. */
  readonly deadlines: Deadlines;
  /** Work that goes on after the reply (`waitUntil`). */
  readonly background: Set<Promise<unknown>>;
  /** Stands around each question to the handlers, to measure it: gives what `ask` gives. Absent: nobody does. */
  around?(event: StageEvent, ask: () => Promise<Verdict>): Promise<Verdict>;
  /** Told what middleware of ours made of a client. Absent: nobody counts. */
  found?(check: string, result: string): void;
  /** Told of a handler that failed, and of the reply that its failure became. */
  failed(event: StageEvent, error: unknown, reply: Reply): void;
}

/** What came of it: a reply, success without words, or nobody's opinion. */
export type Verdict = { readonly reply: Reply | undefined } | "no opinion";

/**
 * Asks the app. Never rejects, nor throws: what a handler does wrong becomes 451, and a line in the log.
 *
 * @param milliseconds for the handlers; no more than one handler may have.
 */
export function dispatch(
  event: StageEvent,
  mail: Mail | undefined,
  surroundings: Surroundings,
  milliseconds: number = surroundings.handlerTimeout,
): Verdict | Promise<Verdict> {
  if (surroundings.around === undefined) return ask(event, mail, surroundings, milliseconds);
  return surroundings.around(event, async () => await ask(event, mail, surroundings, milliseconds));
}

function ask(
  event: StageEvent,
  mail: Mail | undefined,
  surroundings: Surroundings,
  milliseconds: number,
): Verdict | Promise<Verdict> {
  const { routes: { name, passages, addresses }, bindings, deadlines, found } = surroundings;
  const limit = new TimeLimit(milliseconds);
  const inspected = (): void => {
    call.isInspected = true;
  };
  const asked = event.stage === "auth" ? askedAbout(event, limit, inspected) : event;
  const call: StageCall = { event: asked, name, mail, limit, found, isUnanswered: false };
  deadlines.add(limit);
  try {
    limit.throwIfOver();
    const path = pathOf(event, addresses);
    const request = stageRequest(path, event, mail, limit, inspected);
    const response = passages.ask(request, passages.of(path), call, bindings, new StageContext(event, surroundings));
    const verdict = response instanceof Promise
      ? limit.within(response).then((settled) => heard(call, settled, passages))
      : heard(call, response, passages);
    if (verdict instanceof Promise) {
      return verdict.then(
        (settled) => conclude(call, settled, event, surroundings),
        (error) => fail(error, call, event, surroundings),
      );
    }
    return conclude(call, verdict, event, surroundings);
  } catch (error) {
    return fail(error, call, event, surroundings);
  }
}

/** Something was answered, though a handler may have failed on the way. */
function conclude(call: StageCall, answer: Answer, event: StageEvent, surroundings: Surroundings): Verdict {
  surroundings.deadlines.delete(call.limit);
  try {
    if (isFault(call.error)) surroundings.failed(event, call.error, answer.reply ?? tryAgain(event.stage));
    if (event.stage === "auth") nameUser(event, call, answer.reply);
  } catch (error) {
    return fail(error, call, event, surroundings);
  }
  return answer === none ? "no opinion" : answer;
}

/** Nothing was answered, or nothing that could be. */
function fail(error: unknown, call: StageCall, event: StageEvent, surroundings: Surroundings): Verdict {
  surroundings.deadlines.delete(call.limit);
  const reply = tryAgain(event.stage);
  surroundings.failed(event, error, reply);
  return { reply };
}

/** What the app said; no reply is success without words. */
interface Answer {
  readonly reply: Reply | undefined;
}

const none: Answer = { reply: undefined };
const agreed: Answer = { reply: undefined };

/**
 * The same question, which tells when somebody looks at the credentials, and of which the client's time to answer a
 * challenge is not counted as the handler's.
 */
function askedAbout(event: AuthEvent, limit: TimeLimit, inspected: () => void): AuthEvent {
  const { credentials } = event;
  if (!("prove" in credentials)) return { ...event, credentials: watched(credentials, inspected) };
  // Each kind of proof takes its own kind of secret, and hands it on as it is.
  const prove = (secret: never) => limit.without(credentials.prove(secret));
  return { ...event, credentials: watched({ ...credentials, prove }, inspected) };
}

/** Writes down who was let in, where the handlers know. */
function nameUser(event: AuthEvent, { context }: StageCall, reply: Reply | undefined): void {
  if (context === undefined || (reply !== undefined && reply.code >= 300)) return;
  const user = namedUser(context, event);
  if (user !== undefined) event.user = user;
}

/** What was answered; a handler that does nothing at all is the app's own `onError` to deal with, as in a chain. */
function heard(call: StageCall, response: unknown, passages: Passages): Answer | Promise<Answer> {
  const { context, limit } = call;
  if (!call.isUnanswered || context?.finalized !== false) return verdictOf(call, response, limit);
  call.isUnanswered = false;
  const answer = passages.fail(silence(), context);
  if (!(answer instanceof Promise)) return verdictOf(call, answer, limit);
  return limit.within(answer).then((settled) => verdictOf(call, settled, limit));
}

/** @throws {NonsenseError} for an answer that is none, and whatever the reading of its body fails with. */
function verdictOf(call: StageCall, response: unknown, limit: TimeLimit): Answer | Promise<Answer> {
  // Middleware may still throw on its way out: that is no want of an opinion.
  if (call.isUnanswered && call.error === undefined) {
    // What middleware for all paths makes of a page that is not there takes no mail.
    if (call.event.stage !== "auth") return none;
    // Authentication middleware that was passed has let the client in, unless something had second thoughts on the way out.
    if (isResponse(response) && isEndOfChain(response)) return call.isChecked ? letIn(call) : none;
  }
  if (!isResponse(response)) throw new NonsenseError(`The handler answered with ${describe(response)}, not a Response`);
  const reply = replyOf(response, call.event.stage);
  if (reply instanceof Promise) return limit.within(reply).then((reply) => ({ reply }));
  return reply === undefined ? agreed : { reply };
}

/**
 * All handlers of `app.auth()` have passed.
 *
 * @throws {NonsenseError} when none of them can have checked anything.
 */
function letIn({ wasInspected, context, event }: StageCall): Answer {
  // Who a certificate stands for can be told from the session alone.
  const isNamed = event.stage === "auth" && event.credentials.type === "external" && context?.get("user") !== undefined;
  if (wasInspected || isNamed) return agreed;
  throw new NonsenseError(
    "All handlers of app.auth() passed, and none looked at the credentials: check c.var.credentials, or answer",
  );
}

/** By shape: a runtime, a test and a polyfill each have a class of their own. */
function isResponse(value: unknown): value is Response {
  return typeof value === "object" && value !== null && "status" in value && "headers" in value && "body" in value;
}

function describe(value: unknown): string {
  return value === null ? "null" : typeof value === "object" ? "an object" : `a value of type ${typeof value}`;
}

/** An error that brings its own response is a decision, not a fault. */
function isFault(error: unknown): boolean {
  return error !== undefined && !(error instanceof Error && "getResponse" in error);
}

/** `waitUntil` keeps the message readable, and the server alive, until the work is done. */
class StageContext implements ExecutionContext {
  readonly props = {};
  readonly #event: StageEvent;
  readonly #background: Set<Promise<unknown>>;

  constructor(event: StageEvent, { background }: Surroundings) {
    this.#event = event;
    this.#background = background;
  }

  waitUntil(work: Promise<unknown>): void {
    const background = this.#background;
    const content = "content" in this.#event ? this.#event.content : undefined;
    content?.hold();
    const done = Promise.resolve(work).catch(() => {}).finally(() => {
      background.delete(done);
      content?.release();
    });
    background.add(done);
  }

  passThroughOnException(): void {}
}
