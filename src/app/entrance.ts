/** Where a stage's request enters the app, and where anybody else's is turned away. */

import {
  type Context,
  type ErrorHandler,
  type Handler,
  Hono,
  type MiddlewareHandler,
  type Next,
  type NotFoundHandler,
} from "hono";
import type { HTTPException } from "hono/http-exception";
import type { Mail } from "./mail.ts";
import { promptOf } from "./prompt.ts";
import { NonsenseError } from "./response.ts";
import { isStagePath, type StageEvent } from "./stage.ts";
import type { TimeLimit } from "./timelimit.ts";

/** One question on its way through the app. */
export interface StageCall {
  readonly event: StageEvent;
  /** The server's own name. */
  readonly name: string;
  /** The message, once it is in. */
  readonly mail?: Mail | undefined;
  /** The handlers' time. */
  readonly limit: TimeLimit;
  /** Told what middleware made of the client, where somebody counts it. */
  readonly found?: ((check: string, result: string) => void) | undefined;
  /** Whether no handler answered: middleware passed, and no route had an opinion. */
  isUnanswered: boolean;
  /** What a handler threw, for the log. */
  error?: unknown;
  /** Where `c.var` is, once it is filled. */
  context?: Context;
  /** Whether a handler of `app.auth()` was asked. */
  isChecked?: boolean;
  /** Whether anything has looked at what the client shows. */
  isInspected?: boolean;
  /** Whether it had when the last handler passed: a look on the way out decides nothing. */
  wasInspected?: boolean;
}

/**
 * The key on `env` under which the engine hands its question over. No HTTP request can put anything there.
 * Registered globally: the command line and the app it loads may each have a copy of this module.
 */
const callKey: symbol = Symbol.for("postern.call");
const appKey: symbol = Symbol.for("postern.app");
const notFoundKey: symbol = Symbol.for("postern.not-found");

/** The key on `env` of an HTTP request under which a function is told of the error that a handler threw. */
export const failureKey: symbol = Symbol.for("postern.failure");

/** The bindings of a dispatch: the platform's own, and the call. */
export function bindingsWith(call: StageCall, bindings: object | undefined): object {
  return bindings === undefined ? { [callKey]: call } : { ...bindings, [callKey]: call };
}

/** The call a context belongs to; undefined for HTTP. */
export function callOf(c: Context): StageCall | undefined {
  return (c.env as Record<symbol, StageCall | undefined> | undefined)?.[callKey];
}

function failureOf(c: Context): ((error: unknown) => void) | undefined {
  return (c.env as Record<symbol, ((error: unknown) => void) | undefined> | undefined)?.[failureKey];
}

/** Whether something is a Postern, of this copy of the package or another. */
export function isPostern(app: unknown): boolean {
  return typeof app === "object" && app !== null && appKey in app;
}

/** The `fetch` of each app, as it was before anybody could wrap it. */
const originalFetch = new WeakMap<object, Hono["fetch"]>();

/**
 * The status text of what stands at the end of the chain. Middleware may set headers on its way out, for which Hono makes
 * another Response of the same status line: that is still nobody's answer. A 404 of somebody's own is one.
 */
const unanswered = "No route answered";

/** Whether a response is what stands at the end of the chain. */
export function isEndOfChain({ status, statusText }: Response): boolean {
  return status === 404 && statusText === unanswered;
}

/** The error handlers that apps have until they are given one. */
const defaultErrorHandlers = new WeakSet<object>();
const honoErrorHandler = Reflect.get(new Hono(), "errorHandler");

/** Makes a fresh Hono a Postern: its entrance, and its ears for what went unanswered or wrong. */
export function openEntrance(app: Hono): void {
  Object.defineProperty(app, appKey, { value: true });
  originalFetch.set(app, app.fetch);
  app.use("*", enter);
  const { notFound, onError } = app;
  app.notFound = (handler) => {
    const endOfChain: NotFoundHandler = (c) => {
      const call = callOf(c);
      if (call === undefined) return handler(c);
      // Hono counts the calls of next() where there are several handlers, and calls this where there is one.
      if (call.isUnanswered) throw new Error("next() called multiple times");
      call.isUnanswered = true;
      call.wasInspected = call.isInspected === true;
      return new Response(null, { status: 404, statusText: unanswered });
    };
    Object.defineProperty(app, notFoundKey, { value: endOfChain, configurable: true });
    return notFound(endOfChain);
  };
  app.onError = (handler) =>
    onError((error, c) => {
      const call = callOf(c);
      if (call !== undefined) call.error = error;
      else if (!("getResponse" in error)) failureOf(c)?.(error);
      return handler(error, c);
    });
  app.notFound((c) => c.text("404 Not Found", 404));
  app.onError((error) =>
    "getResponse" in error ? (error as HTTPException).getResponse() : new Response(null, { status: 500 })
  );
  defaultErrorHandlers.add(Reflect.get(app, "errorHandler"));
  const route = app.route.bind(app) as (path: string, mounted: Hono) => Hono;
  app.route = ((path: string, mounted: Hono) => route(path, mountable(mounted))) as never;
}

/** Whether an app's `fetch` is its own: nobody stands before it, and no other copy of this module made it. */
export function isUnwrapped(app: Hono): boolean {
  return originalFetch.get(app) === app.fetch;
}

/** What an app does at the end of the chain; Hono keeps it to itself. */
export function notFoundHandlerOf(app: Hono): NotFoundHandler {
  return Reflect.get(app, notFoundKey);
}

/** What an app does when a handler throws. */
export function errorHandlerOf(app: Hono): ErrorHandler {
  return Reflect.get(app, "errorHandler");
}

/** Which routes an app has, without its entrance. */
export function routesOf(app: Hono): Hono["routes"] {
  return app.routes.filter((route) => route.handler !== enter);
}

/** An app's routes without its entrance, and with an error handler only if it was given one: the outer app has its own. */
function mountable(app: Hono): Hono {
  const errorHandler = errorHandlerOf(app);
  const inherits = errorHandler === honoErrorHandler || defaultErrorHandlers.has(errorHandler);
  const routes = routesOf(app);
  if (inherits) return { routes, errorHandler: honoErrorHandler } as unknown as Hono;
  return {
    routes: routes.map((route) => ({ ...route, handler: outspoken(route.handler) })),
    errorHandler,
  } as unknown as Hono;
}

/**
 * A handler whose silence is an error, at a stage. Before an error handler of a mounted app's own Hono makes an empty
 * response of it: that would be 250 for mail that nobody took.
 */
function outspoken(handler: Handler): Handler {
  return async (c, next) => {
    const answer = await handler(c, next);
    if (!answer && !c.finalized && callOf(c) !== undefined) throw silence();
    return answer;
  };
}

/** What is wrong with a handler that neither answered nor passed. */
export function silence(): Error {
  return new NonsenseError("The handler answered with nothing, and did not pass");
}

/** Fills `c.var` for a stage; HTTP does not get past here to a stage's path. */
const enter: MiddlewareHandler = async (c: Context, next: Next): Promise<Response | void> => {
  if (callOf(c) === undefined && isStagePath(c.req.path)) return c.text("404 Not Found", 404);
  enterOnce(c);
  // Not to be returned: where no handler answered, Hono's next() gives its context, and would take it for an answer.
  await next();
};

/** What a router found, without the entrance: the engine's own requests need no door. */
export function routesBehindEntrance<T extends readonly [readonly [unknown, unknown], unknown]>(
  handlers: readonly T[],
): readonly T[] {
  return handlers.filter(([[handler]]) => handler !== enter);
}

/** Fills `c.var` for the stage that a context is about. */
export function enterOnce(c: Context): Context {
  const call = callOf(c);
  if (call === undefined || call.context !== undefined) return c;
  call.context = c;
  fillVariables(c, call);
  // A handler that says notFound() has an opinion; only the end of the chain has none.
  c.notFound = notFound;
  return c;
}

const notFound = (): Response => new Response(null, { status: 404 });

function fillVariables(c: Context, { event, mail, limit }: StageCall): void {
  const { session } = event;
  const envelope = "envelope" in event ? event.envelope : undefined;
  for (const name in session.locals) c.set(name, session.locals[name]);
  for (const name in envelope?.locals) c.set(name, envelope.locals[name]);
  // After the locals: no fact of such a name stands in for what the event brings.
  c.set("session", session);
  if (envelope !== undefined) c.set("envelope", envelope);
  if ("recipient" in event) c.set("recipient", event.recipient);
  if (mail !== undefined) c.set("mail", mail);
  if (event.stage === "command") {
    c.set("verb", event.verb);
    c.set("argument", event.argument);
    c.set("prompt", promptOf(event, limit));
  }
  if (event.stage === "auth") c.set("credentials", event.credentials);
  // Last: no fact of that name stands in for an authenticated user. Set where there is none, too: `c.var` inherits.
  c.set("user", session.user);
}
