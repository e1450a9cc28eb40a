/** What a handler was asked, for middleware that serves several stages. */

import type { Context } from "hono";
import { isUnixAddress } from "../protocol/address.ts";
import { callOf } from "./entrance.ts";
import type { Stage } from "./stage.ts";

/**
 * The stage a handler was asked at; undefined for an HTTP request.
 *
 * A middleware can be put before one stage (`app.mail(m)`) or before all of them (`app.use(m)`): it asks where it is,
 * and passes where it has nothing to say.
 *
 * @example
 * ```ts
 * import type { MiddlewareHandler } from "hono";
 * import { Postern, reply, stageOf } from "postern";
 *
 * const noBounces: MiddlewareHandler = async (c, next) => {
 *   if (stageOf(c) === "mail" && c.var.envelope.from === null) return reply(550, "5.7.1", "No bounces here");
 *   await next();
 * };
 * const app = new Postern();
 * app.use(noBounces);
 * ```
 */
export function stageOf(c: Context): Stage | undefined {
  return callOf(c)?.event.stage;
}

/** Both ends of a connection, in the form of Hono's `ConnInfo`. */
export interface ConnInfo {
  /** The client. */
  readonly remote: {
    /** What `ConnInfo` calls it; of a client on a Unix socket as well. */
    readonly transport: "tcp";
    /** Absent for a client on a Unix socket. */
    readonly address?: string;
    /** Absent like `address`. */
    readonly addressType?: "IPv4" | "IPv6";
    /** Absent like `address`. */
    readonly port?: number;
  };
}

/**
 * Where the client of a mail stage connects from, for Hono middleware that asks for it.
 *
 * @throws {TypeError} for an HTTP request: only its own server knows.
 *
 * @example
 * ```ts
 * import { ipRestriction } from "hono/ip-restriction";
 * import { getConnInfo, Postern } from "postern";
 *
 * const app = new Postern();
 * app.connect(ipRestriction(getConnInfo, { denyList: ["192.0.2.0/24"] }));
 * ```
 */
export function getConnInfo(c: Context): ConnInfo {
  const call = callOf(c);
  if (call === undefined) {
    throw new TypeError("Cannot tell where an HTTP request comes from: use the getConnInfo of its server's adapter");
  }
  const { address, port } = call.event.session.remote;
  if (isUnixAddress(address)) return { remote: { transport: "tcp" } };
  return { remote: { transport: "tcp", address, port, addressType: address.includes(":") ? "IPv6" : "IPv4" } };
}
