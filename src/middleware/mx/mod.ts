/**
 * Whether the sender's domain can receive mail, as middleware.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { policy } from "../../app/mechanisms.ts";
import { reply } from "../../app/reply.ts";
import type { Resolver } from "../../dns/mod.ts";
import { type Mailability, mailable, type MailableOptions } from "../../mx/mod.ts";
import { isAddressLiteral } from "../../protocol/domain.ts";
import { askedOf, exempting, type Exemptions, sharedResolver } from "../asked.ts";

export type { Exemptions };

export { type Mailability, mailable, type MailableOptions };

/** What `mx()` puts on `c.var`, from MAIL on. */
export interface MxVariables {
  /** Absent for clients that were not looked at, and for senders without a domain to look at. */
  readonly mailable?: Mailability;
}

/** Options of {@linkcode mx}. */
export interface MxOptions extends Exemptions {
  /** Whether a domain that cannot receive mail is refused: 550 5.7.27 for a null MX, else 5.1.8. Default false. */
  readonly reject?: boolean;
  /** Whether the sender is told to come back, 451 4.1.8, when the DNS cannot tell. Default false. */
  readonly defer?: boolean;
  /** Default: one over the system's DNS servers, shared by all middleware. */
  readonly resolver?: Resolver;
}

/**
 * Looks at MAIL whether the sender's domain can receive mail: by its MX records, else by its addresses (RFC 5321
 * section 5.1), and whether it says itself that it cannot (null MX, RFC 7505). Handlers find it as `c.var.mailable`.
 *
 * Bounces (`<>`) and address literals are not looked at; nor are authenticated clients, those on the `except` list
 * and those on a Unix socket.
 *
 * @throws {TypeError} for an entry of `except` that is no address.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { mx } from "postern/mx";
 *
 * const app = new Postern();
 * app.use(mx({ reject: true, defer: true }));
 * ```
 */
export function mx(options: MxOptions = {}): MiddlewareHandler {
  const { reject = false, defer = false } = options;
  const isExempt = exempting(options);
  return policy<MiddlewareHandler>("mx", async (c, next) => {
    const event = askedOf(c)?.event;
    if (event?.stage !== "mail" || isExempt(event.session)) return await next();
    const domain = event.envelope.from?.domain ?? "";
    if (domain === "" || isAddressLiteral(domain)) return await next();
    const resolver = options.resolver ?? sharedResolver();
    const found = await mailable(domain, { resolver, signal: c.req.raw.signal });
    event.envelope.locals["mailable"] = found;
    c.set("mailable", found);
    if (found.status === "temperror" && defer) {
      return reply(451, "4.1.8", "The sender's domain cannot be looked up, try again later");
    }
    if (found.status === "unmailable" && reject) return refusal(found.reason);
    await next();
  });
}

/** RFC 3463 section 3.2; RFC 7505 section 4.2 for the null MX. */
function refusal(reason: (Mailability & { status: "unmailable" })["reason"]): Response {
  if (reason === "null-mx") return reply(550, "5.7.27", "The sender's domain takes no mail (null MX)");
  return reply(550, "5.1.8", "The sender's domain cannot receive mail");
}
