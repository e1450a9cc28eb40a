/**
 * The way of the engine's own requests through an app: the routes of a path are looked up once, no URL is taken apart,
 * and a stage with a single handler goes straight to it.
 */

import { type Context, type ExecutionContext, Hono, type Next } from "hono";
import {
  bindingsWith,
  callOf,
  enterOnce,
  errorHandlerOf,
  isUnwrapped,
  notFoundHandlerOf,
  routesBehindEntrance,
  type StageCall,
} from "./entrance.ts";

/** What Hono's routers find: handlers with their parameters, and what the parameters' numbers stand for. */
type Match = ReturnType<Hono["router"]["match"]>;

/** What a path leads to. */
export interface Passage {
  /** As handlers see it on `c.req.path`. */
  readonly path: string;
  readonly match: Match;
  /** Whether a route of the path's own stage is there, and not just middleware. */
  readonly isRouted: boolean;
}

/** So many paths are remembered; past that all are forgotten, and looked up again. */
const mostKnown = 1024;

/** Hono's own ways to read a path: from the URL alone. */
const pathReaders: ReadonlySet<unknown> = new Set([new Hono().getPath, new Hono({ strict: false }).getPath]);

/** An app's passages. */
export class Passages {
  readonly #app: Hono;
  readonly #readsUrlAlone: boolean;
  readonly #inner: Hono;
  readonly #known = new Map<string, Passage>();
  /** The passage of the request that is just being dispatched: Hono asks for path and match before it does anything. */
  #current: Passage | undefined;

  constructor(app: Hono) {
    this.#app = app;
    this.#readsUrlAlone = pathReaders.has(app.getPath);
    const router = { name: "postern", add: () => {}, match: () => this.#current!.match };
    this.#inner = new Hono({ router: router as unknown as Hono["router"], getPath: () => this.#current!.path });
    // Looked for when they are needed: an app may be given them at any time.
    this.#inner.onError((error, c) => errorHandlerOf(app)(error, c));
    this.#inner.notFound((c) => notFoundHandlerOf(app)(c));
  }

  /** The passage of a stage's path. */
  of(path: string): Passage {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const passage = this.#find(path);
    if (this.#known.size === mostKnown) this.#known.clear();
    this.#known.set(path, passage);
    return passage;
  }

  /** Asks the app. */
  ask(
    request: Request,
    passage: Passage,
    call: StageCall,
    bindings: object | undefined,
    context: ExecutionContext,
  ): Response | Promise<Response> {
    const env = bindingsWith(call, bindings);
    // Whoever stands before the app, or reads paths in a way of its own, is asked as well.
    if (!this.#readsUrlAlone || !isUnwrapped(this.#app)) return this.#app.fetch(request, env, context);
    this.#current = passage;
    return this.#inner.fetch(request, env, context);
  }

  /** What the app answers to an error. */
  fail(error: Error, c: Context): Response | Promise<Response> {
    return errorHandlerOf(this.#app)(error, c);
  }

  #find(path: string): Passage {
    // As Hono's own dispatch reads it: the router compares decoded paths.
    const url = `http://postern${path}`;
    const request = this.#readsUrlAlone ? { url } as Request : new Request(url, { method: "POST" });
    const decoded = this.#app.getPath(request, {});
    const [, stage = ""] = path.split("/");
    const match = this.#app.router.match("POST", decoded);
    const handlers = routesBehindEntrance(match[0] as MatchedHandler[]);
    const isRouted = handlers.some(([[, route]]) => isRouteOf(route, stage));
    const [first, ...others] = handlers;
    if (first === undefined) return { path: decoded, match: [[], ...match.slice(1)] as unknown as Match, isRouted };
    const [[handler, route], parameters] = first;
    const enter = (c: Context, next: Next): unknown => {
      const answer = handler(enterOnce(c), next);
      // One that calls next(), and does not wait for it: what comes of that is there a moment later.
      return answer === undefined && callOf(c)?.isUnanswered ? Promise.resolve() : answer;
    };
    const entered: MatchedHandler = [[enter, route], parameters];
    return { path: decoded, match: [[entered, ...others], ...match.slice(1)] as unknown as Match, isRouted };
  }
}

/** A handler as a router hands it out. */
export type MatchedHandler = [[handler: (c: Context, next: Next) => unknown, route: Route], parameters: unknown];

interface Route {
  readonly method: string;
  readonly path: string;
}

/** Whether a route is the stage's own: a POST handler on its path. Middleware on `*` is none. */
export function isRouteOf({ method, path }: Route, stage: string): boolean {
  return method === "POST" && (path === `/${stage}` || path.startsWith(`/${stage}/`));
}
