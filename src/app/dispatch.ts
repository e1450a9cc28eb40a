/** One question through the app: Request in, Response out, in time and whatever the handlers do. */

import type { ExecutionContext, Hono } from "hono";
import type { Reply } from "../protocol/reply.ts";
import type { AuthEvent } from "../session/event.ts";
import type { Deadline } from "../session/deadline.ts";
import { bindingsWith, type StageCall } from "./entrance.ts";
import { factHeaders } from "./facts.ts";
import type { Mail } from "./mail.ts";
import { stageRequest } from "./request.ts";
import { NonsenseError, replyOf, tryAgain } from "./response.ts";
import { pathOf, type StageEvent } from "./stage.ts";
import { TimeLimit } from "./timelimit.ts";
import { namedUser } from "./user.ts";

/** What dispatching needs beside the app. */
export interface Surroundings {
  /** The server's own name. */
  readonly name: string;
  /** `c.env`. */
  readonly bindings: object | undefined;
  /** Milliseconds for one handler. */
  readonly handlerTimeout: number;
  /** Who looks at deadlines. */
  readonly watch: { add(deadline: Deadline): void; delete(deadline: Deadline): void };
  /** Work that goes on after the reply (`waitUntil`). */
  readonly background: Set<Promise<unknown>>;
  /** Stands around each question to the handlers, to measure it: gives what `ask` gives. Absent: nobody does. */
  around?(event: StageEvent, ask: () => Promise<Verdict>): Promise<Verdict>;
  /** Told of a handler that failed, and of the reply that its failure became. */
  failed(event: StageEvent, error: unknown, reply: Reply): void;
}

/** What came of it: a reply, success without words, or nobody's opinion. */
export type Verdict = { readonly reply: Reply | undefined } | "no opinion";

/** Asks the app. Never rejects: what a handler does wrong becomes 451, and a line in the log. */
export function dispatch(
  app: Hono,
  event: StageEvent,
  mail: Mail | undefined,
  surroundings: Surroundings,
): Promise<Verdict> {
  if (surroundings.around === undefined) return ask(app, event, mail, surroundings);
  return surroundings.around(event, () => ask(app, event, mail, surroundings));
}

async function ask(
  app: Hono,
  event: StageEvent,
  mail: Mail | undefined,
  surroundings: Surroundings,
): Promise<Verdict> {
  const limit = new TimeLimit(surroundings.handlerTimeout);
  const asked = event.stage === "auth" ? timed(event, limit) : event;
  const call: StageCall = { event: asked, name: surroundings.name, mail, limit, isUnanswered: false };
  surroundings.watch.add(limit);
  try {
    limit.throwIfOver();
    const response = app.fetch(
      stageRequest({
        path: pathOf(event, surroundings.name),
        headers: () => factHeaders(event, mail),
        mail,
        room: () => "content" in event ? event.content.makeRoom() : undefined,
        signal: () => limit.signal,
      }),
      bindingsWith(call, surroundings.bindings),
      executionContext(event, surroundings),
    );
    const verdict = verdictOf(call, response instanceof Promise ? await limit.within(response) : response);
    const settled = verdict instanceof Promise ? await limit.within(verdict) : verdict;
    if (isFault(call.error)) surroundings.failed(event, call.error, settled.reply ?? tryAgain(event.stage));
    if (event.stage === "auth") nameUser(event, call, settled.reply);
    return settled === none ? "no opinion" : settled;
  } catch (error) {
    const reply = tryAgain(event.stage);
    surroundings.failed(event, error, reply);
    return { reply };
  } finally {
    surroundings.watch.delete(limit);
  }
}

const none = { reply: undefined };

/** The same question, of which the client's time to answer a challenge is not counted as the handler's. */
function timed(event: AuthEvent, limit: TimeLimit): AuthEvent {
  const { credentials } = event;
  if (!("prove" in credentials)) return event;
  // Each kind of proof takes its own kind of secret, and hands it on as it is.
  const prove = (secret: never) => limit.without(credentials.prove(secret));
  return { ...event, credentials: { ...credentials, prove } };
}

/** Writes down who was let in, where the handlers know. */
function nameUser(event: AuthEvent, { context }: StageCall, reply: Reply | undefined): void {
  if (context === undefined || (reply !== undefined && reply.code >= 300)) return;
  const user = namedUser(context, event);
  if (user !== undefined) event.user = user;
}

function verdictOf(
  call: StageCall,
  response: unknown,
): { readonly reply: Reply | undefined } | Promise<{ readonly reply: Reply | undefined }> {
  // Middleware may still throw on its way out: that is no want of an opinion.
  if (call.isUnanswered && call.error === undefined && call.event.stage !== "auth") return none;
  // Authentication middleware that was passed has let the client in, unless something had second thoughts on the way out.
  if (call.isUnanswered && isResponse(response) && response.status === 404) {
    return call.isChecked ? { reply: undefined } : none;
  }
  if (!isResponse(response)) throw new NonsenseError(`The handler answered with ${describe(response)}, not a Response`);
  const reply = replyOf(response, call.event.stage);
  return reply instanceof Promise ? reply.then((reply) => ({ reply })) : { reply };
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
function executionContext(event: StageEvent, { background }: Surroundings): ExecutionContext {
  return {
    waitUntil(work: Promise<unknown>): void {
      const content = "content" in event ? event.content : undefined;
      content?.hold();
      const done = Promise.resolve(work).catch(() => {}).finally(() => {
        background.delete(done);
        content?.release();
      });
      background.add(done);
    },
    passThroughOnException(): void {},
    props: {},
  };
}
