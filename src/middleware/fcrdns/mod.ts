/**
 * Whether the client's address has a name that leads back to it, as middleware.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { policy } from "../../app/mechanisms.ts";
import { reply } from "../../app/reply.ts";
import type { Resolver } from "../../dns/mod.ts";
import { askedOf, exempting, type Exemptions, isFrom, sharedResolver } from "../asked.ts";
import { iprev, type ReverseName } from "./iprev.ts";

export type { Exemptions };

export { iprev, type ReverseName };

/** What `fcrdns()` puts on `c.var`, from the connection on. */
export interface FcrdnsVariables {
  /** Absent for clients that were not looked at. */
  readonly fcrdns?: ReverseName;
}

/** Options of {@linkcode fcrdns}. */
export interface FcrdnsOptions extends Exemptions {
  /** What is refused with 550 5.7.25: no name at all, a name that does not lead back. Default: nothing. */
  readonly reject?: readonly ("none" | "fail")[];
  /** Whether the client is told to come back, 450 4.7.25, when the DNS cannot tell. Default false. */
  readonly defer?: boolean;
  /** From which stage on. `mail` gives clients the chance to authenticate first. Default `"connect"`. */
  readonly stage?: "connect" | "mail" | "rcpt";
  /** Default: one over the system's DNS servers, shared by all middleware. */
  readonly resolver?: Resolver;
}

/**
 * Looks whether the client's address has a name and the name the address (forward-confirmed reverse DNS, `iprev` of
 * RFC 8601 section 3). Handlers find it as `c.var.fcrdns`. Looked up once in a session, at the connection.
 *
 * Clients on the `except` list, those on a Unix socket and, from `mail` on, authenticated ones are not looked at.
 *
 * @throws {TypeError} for an entry of `except` that is no address.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { fcrdns } from "postern/fcrdns";
 *
 * const app = new Postern();
 * app.use(fcrdns({ reject: ["none"], defer: true, except: ["127.0.0.0/8", "::1"] }));
 * ```
 */
export function fcrdns(options: FcrdnsOptions = {}): MiddlewareHandler {
  const { reject = [], defer = false, stage = "connect" } = options;
  const isExempt = exempting(options);
  return policy<MiddlewareHandler>("fcrdns", async (c, next) => {
    const event = askedOf(c)?.event;
    if (event === undefined || !isFrom(event.stage, stage) || isExempt(event.session)) return await next();
    const { locals, remote } = event.session;
    const resolver = options.resolver ?? sharedResolver();
    const known = locals["fcrdns"] as ReverseName | undefined;
    const found = known ?? await iprev(remote.address, { resolver, signal: c.req.raw.signal });
    locals["fcrdns"] = found;
    c.set("fcrdns", found);
    if (found.status === "temperror" && defer) {
      return reply(450, "4.7.25", "The name of your address cannot be looked up, try again later");
    }
    if (reject.includes(found.status as "none")) {
      const fault = found.status === "none" ? "has no name" : "has a name that does not lead back to it";
      return reply(550, "5.7.25", `Your address ${remote.address} ${fault}`);
    }
    await next();
  });
}
