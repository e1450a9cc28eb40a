/** What can be served: a Postern, any Hono app, a bare function, or an object with `fetch`. */

import { type ExecutionContext, Hono } from "hono";
import { isPostern } from "./entrance.ts";
import { Postern } from "./postern.ts";

/** A fetch handler. It gets the `/deliver` requests of every recipient. */
export type FetchFunction = (
  request: Request,
  // What a platform binds is the application's own business.
  // deno-lint-ignore no-explicit-any
  env?: any,
  context?: ExecutionContext,
) => Response | Promise<Response>;

/** What can be served. */
export type MailHandler =
  // Whatever environment and routes an app has.
  // deno-lint-ignore no-explicit-any
  | Hono<any, any, any>
  | FetchFunction
  | { readonly fetch: FetchFunction };

/**
 * Any handler as an app with stages.
 *
 * @throws {TypeError} when it is none.
 */
export function appOf(handler: unknown): Hono {
  if (isPostern(handler)) return handler as Hono;
  if (isHono(handler)) return new Postern().route("/", handler) as unknown as Hono;
  if (typeof handler === "function") return deliveringAll(handler as FetchFunction);
  const server = Object(handler) as { readonly fetch?: unknown };
  // As a method: it may need its object.
  if (typeof server.fetch === "function") {
    return deliveringAll((...given) => Reflect.apply(server.fetch as FetchFunction, server, given));
  }
  throw new TypeError(
    `Cannot serve ${handler === null ? "null" : `a value of type ${typeof handler}`}: give a Postern, a Hono app, ` +
      `a function (request, env, ctx) => Response, or an object with such a fetch method`,
  );
}

function deliveringAll(fetch: FetchFunction): Hono {
  const app = new Postern();
  app.deliver("*", (c) => fetch(c.req.raw, c.env, c.executionCtx));
  return app as unknown as Hono;
}

/** By shape: the app may come with a Hono of its own. */
function isHono(handler: unknown): handler is Hono {
  return handler instanceof Hono ||
    (typeof handler === "object" && handler !== null && "routes" in handler && "router" in handler);
}
