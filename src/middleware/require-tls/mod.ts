/**
 * No mail in clear, as middleware.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { policy } from "../../app/mechanisms.ts";
import { reply } from "../../app/reply.ts";
import { isUnixAddress } from "../../protocol/address.ts";
import { askedOf, isFrom } from "../asked.ts";

/**
 * Refuses AUTH and MAIL while the connection is in clear: 530 5.7.0 (RFC 3207 section 4).
 *
 * For submission. A server that takes mail from everybody must not do this (the same section): many senders fall back
 * to no mail at all. Clients on a Unix socket are let through, nobody listens there.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { requireTls } from "postern/require-tls";
 *
 * const app = new Postern();
 * app.use(requireTls());
 * ```
 */
export function requireTls(): MiddlewareHandler {
  return policy<MiddlewareHandler>("requireTls", async (c, next) => {
    const event = askedOf(c)?.event;
    if (event === undefined || !isFrom(event.stage, "auth")) return await next();
    const { tls, remote: { address } } = event.session;
    if (tls === undefined && !isUnixAddress(address)) {
      return reply(530, "5.7.0", "Must issue a STARTTLS command first");
    }
    await next();
  });
}
