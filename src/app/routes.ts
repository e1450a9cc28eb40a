/** Which stages an app has something to say about. */

import type { Hono } from "hono";
import { routesOf } from "./entrance.ts";
import { mechanismsOf } from "./mechanisms.ts";
import { stages } from "./stage.ts";

/** An app's routes, sorted by stage. Read when serving begins: what is added later is not seen. */
export class StageRoutes {
  readonly #app: Hono;
  readonly #dispatched: ReadonlySet<string>;
  readonly #routed: ReadonlySet<string>;
  /** The SASL mechanisms that there are routes for. */
  readonly mechanisms: ReadonlySet<string>;

  constructor(app: Hono) {
    this.#app = app;
    const routes = routesOf(app).filter(({ method }) => method === "POST" || method === "ALL");
    this.#dispatched = new Set(stages.filter((stage) => routes.some(({ path }) => couldMatch(path, stage))));
    this.mechanisms = mechanismsOf(routes.filter(({ method }) => method === "POST").map(({ path }) => path));
    this.#routed = new Set(stages.filter((stage) => routes.some((route) => isRouteOf(route, stage))));
  }

  /** Whether any handler, middleware included, could have something to do with the stage. */
  isDispatched(stage: string): boolean {
    return this.#dispatched.has(stage);
  }

  /** Whether the stage has routes: POST handlers on its own path. Middleware on `*` is none. */
  has(stage: string): boolean {
    return this.#routed.has(stage);
  }

  /** Whether a route of the stage matches the path. */
  matches(stage: string, path: string): boolean {
    // As Hono's own dispatch reads it: the router compares decoded paths.
    const routed = this.#app.getPath({ url: `http://postern${path}` } as Request);
    const [handlers] = this.#app.router.match("POST", routed);
    return handlers.some(([[, route]]) => isRouteOf(route, stage));
  }
}

interface Route {
  readonly method: string;
  readonly path: string;
}

function isRouteOf({ method, path }: Route, stage: string): boolean {
  return method === "POST" && (path === `/${stage}` || path.startsWith(`/${stage}/`));
}

/** Whether the first segment of a route's path could be the stage: it is the same, a wildcard or a parameter. */
function couldMatch(path: string, stage: string): boolean {
  const first = path.split("/")[1] ?? "";
  return first === stage || first === "*" || first.startsWith(":");
}
