/** Which stages an app has something to say about. */

import type { Hono } from "hono";
import type { Recipient } from "../session/envelope.ts";
import { routesOf } from "./entrance.ts";
import { mechanismsOf } from "./mechanisms.ts";
import { isRouteOf, Passages } from "./passage.ts";
import { AddressBook } from "./addressbook.ts";
import { stages } from "./stage.ts";

/** An app's routes, sorted by stage. Read when serving begins: what is added later is not seen. */
export class StageRoutes {
  /** The server's own name. */
  readonly name: string;
  readonly passages: Passages;
  readonly addresses: AddressBook;
  readonly #dispatched: ReadonlySet<string>;
  readonly #routed: ReadonlySet<string>;
  /** The SASL mechanisms that there are routes for. */
  readonly mechanisms: ReadonlySet<string>;

  constructor(app: Hono, name: string) {
    this.name = name;
    this.passages = new Passages(app);
    this.addresses = new AddressBook(name);
    const routes = routesOf(app).filter(({ method }) => method === "POST" || method === "ALL");
    this.#dispatched = new Set(stages.filter((stage) => routes.some(({ path }) => couldMatch(path, stage))));
    this.mechanisms = mechanismsOf(routes.filter(({ method }) => method === "POST").map(({ path }) => path));
    this.#routed = new Set(stages.filter((stage) => routes.some((route) => isRouteOf(route, stage))));
  }

  /** Whether a recipient has somebody to deliver to. */
  delivers(recipient: Recipient): boolean {
    return this.passages.of(this.addresses.of(recipient).deliveryPath).isRouted;
  }

  /** Whether any handler, middleware included, could have something to do with the stage. */
  isDispatched(stage: string): boolean {
    return this.#dispatched.has(stage);
  }

  /** Whether the stage has routes: POST handlers on its own path. Middleware on `*` is none. */
  has(stage: string): boolean {
    return this.#routed.has(stage);
  }
}

/** Whether the first segment of a route's path could be the stage: it is the same, a wildcard or a parameter. */
function couldMatch(path: string, stage: string): boolean {
  const first = path.split("/")[1] ?? "";
  return first === stage || first === "*" || first.startsWith(":");
}
