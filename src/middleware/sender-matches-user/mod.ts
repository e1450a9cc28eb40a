/**
 * Nobody sends in another's name, as middleware.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import { policy } from "../../app/mechanisms.ts";
import { reply } from "../../app/reply.ts";
import { toALabels } from "../../protocol/domain.ts";
import type { Mailbox } from "../../protocol/path.ts";
import { askedOf } from "../asked.ts";

/** Whether a user may send as a mailbox. */
export type MaySend = (user: string, from: Mailbox, c: Context) => boolean | Promise<boolean>;

/**
 * Refuses at MAIL, 553 5.7.1, when an authenticated user gives a reverse-path that is not the user's own.
 *
 * By default the user's name must be the address, in whatever case, and a `+tag` does not count; give `maySend` where
 * user names are no addresses, or users have more than one. The null sender is everybody's: receipts are sent with it
 * (RFC 8098 section 3). Clients that have not authenticated are not looked at: see `requireAuth()`.
 *
 * The `From` field of the message is another matter, and is not looked at.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { senderMatchesUser } from "postern/sender-matches-user";
 *
 * const app = new Postern();
 * app.use(senderMatchesUser((user, from) => from.domain === "example.com" && from.local === user));
 * ```
 */
export function senderMatchesUser(maySend: MaySend = isOwnAddress): MiddlewareHandler {
  return policy<MiddlewareHandler>("senderMatchesUser", async (c, next) => {
    const event = askedOf(c)?.event;
    if (event?.stage !== "mail") return await next();
    const { session: { user }, envelope: { from } } = event;
    if (user === undefined || from === null || await maySend(user, from, c)) return await next();
    return reply(553, "5.7.1", "The sender address does not belong to the authenticated user");
  });
}

function isOwnAddress(user: string, from: Mailbox): boolean {
  const at = user.lastIndexOf("@");
  if (at <= 0) return false;
  const domain = user.slice(at + 1);
  if ((toALabels(domain) ?? domain) !== (toALabels(from.domain) ?? from.domain)) return false;
  const own = user.slice(0, at).toLowerCase();
  const local = from.local.toLowerCase();
  return local === own || local.startsWith(`${own}+`);
}
