/**
 * No mail from strangers, as middleware.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { policy } from "../../app/mechanisms.ts";
import { reply } from "../../app/reply.ts";
import { AddressList } from "../../protocol/addresslist.ts";
import { askedOf, type Exemptions, isFrom } from "../asked.ts";

export type { Exemptions };

/**
 * Refuses MAIL of clients that have not authenticated: 530 5.7.0 (RFC 4954 section 6). Those on the `except` list need
 * not.
 *
 * @throws {TypeError} for an entry of `except` that is no address.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { requireAuth } from "postern/require-auth";
 *
 * const app = new Postern();
 * app.use(requireAuth({ except: ["192.168.0.0/16"] }));
 * ```
 */
export function requireAuth({ except }: Exemptions = {}): MiddlewareHandler {
  const listed = new AddressList("except", except);
  return policy<MiddlewareHandler>("requireAuth", async (c, next) => {
    const event = askedOf(c)?.event;
    if (event === undefined || !isFrom(event.stage, "mail")) return await next();
    const { user, remote } = event.session;
    if (user === undefined && !listed.includes(remote.address)) return reply(530, "5.7.0", "Authentication required");
    await next();
  });
}
