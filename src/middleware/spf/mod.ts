/**
 * SPF (RFC 7208) as middleware: may this client send for this domain?
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { prependField } from "../../app/edits.ts";
import { policy } from "../../app/mechanisms.ts";
import { reply } from "../../app/reply.ts";
import type { Envelope } from "../../session/envelope.ts";
import type { Resolver } from "../../dns/mod.ts";
import {
  checkHost,
  receivedSpf,
  type SpfLimits,
  type SpfQuestion,
  type SpfResult,
  type SpfVerdict,
} from "../../spf/mod.ts";
import { askedOf, exempting, type Exemptions } from "../asked.ts";
import { check, verdictOf } from "./check.ts";

export type { Exemptions };

export { checkHost, receivedSpf, type SpfLimits, type SpfQuestion, type SpfResult, type SpfVerdict };

/** What `spf()` puts on `c.var`, from MAIL on. */
export interface SpfVariables {
  /** Absent for clients that were not looked at. */
  readonly spf?: SpfVerdict;
}

/** Options of {@linkcode spf}. */
export interface SpfOptions extends Exemptions {
  /** Results that are refused with 550 5.7.23 (5.7.24 for `permerror`). Default: none. */
  readonly reject?: readonly Exclude<SpfResult, "pass" | "temperror">[];
  /** Results for which the sender is told to come back, with 451 4.7.24. Default: none. */
  readonly defer?: readonly "temperror"[];
  /** Whether `Received-SPF` is put before the message. Default true. */
  readonly header?: boolean;
  /** Default: one over the system's DNS servers, shared by all middleware. */
  readonly resolver?: Resolver;
  /** Milliseconds for the whole check, then it is a `temperror`. Default 20 000 (RFC 7208 section 4.6.4). */
  readonly timeout?: number;
  /** Default ten lookups, two of them void. */
  readonly limits?: Partial<SpfLimits>;
}

/**
 * Checks SPF at MAIL, for the null sender by the HELO name. Handlers find the verdict as `c.var.spf`, the message is
 * stamped with `Received-SPF` (RFC 7208 section 9.1).
 *
 * Without options nothing is refused. Refusing `fail` at MAIL refuses mail that was forwarded, too, even if its DKIM
 * signature would have spoken for it (RFC 7208 section 8.4): `authenticate()` asks for both.
 *
 * Authenticated clients, those on the `except` list and those on a Unix socket are not looked at. `app.mail(spf())`
 * and `app.use(spf())` are the same: at all stages but MAIL it passes.
 *
 * @throws {TypeError} for an entry of `except` that is no address.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { spf, type SpfVariables } from "postern/spf";
 *
 * const app = new Postern<{ Variables: SpfVariables }>();
 * app.use(spf({ reject: ["fail"], defer: ["temperror"], except: ["192.0.2.25"] }));
 * app.deliver("*", (c) => c.text(`Taken, SPF says ${c.var.spf?.result ?? "nothing"}`));
 * ```
 */
export function spf(options: SpfOptions = {}): MiddlewareHandler {
  const { reject = [], defer = [], header = true } = options;
  const isExempt = exempting(options);
  return policy<MiddlewareHandler>("spf", async (c, next) => {
    const asked = askedOf(c);
    if (asked?.event.stage !== "mail" || isExempt(asked.event.session)) return await next();
    const { envelope } = asked.event;
    let verdict = verdictOf(envelope);
    if (verdict === undefined) {
      verdict = await check(asked.event, asked.name, options, c.req.raw.signal);
      envelope.locals["spf"] = verdict;
      if (header) stamp(envelope, verdict, asked.name);
    }
    c.set("spf", verdict);
    if (defer.includes(verdict.result as "temperror")) {
      return reply(451, "4.7.24", `SPF could not be checked for ${printable(verdict.domain)}, try again later`);
    }
    if (reject.includes(verdict.result as "fail")) return refusal(verdict);
    await next();
  });
}

function stamp(envelope: Envelope, verdict: SpfVerdict, receiver: string): void {
  const field = receivedSpf(verdict, receiver);
  const colon = field.indexOf(":");
  prependField(envelope, field.slice(0, colon), field.slice(colon + 1).trim());
}

/** Codes as in RFC 7372 section 3.2; it says whose words the explanation is (RFC 7208 section 8.4). */
function refusal({ result, domain, ip, explanation }: SpfVerdict): Response {
  const name = printable(domain);
  if (result === "permerror") return reply(550, "5.7.24", `The SPF record of ${name} cannot be understood`);
  const said = explanation === undefined ? "" : `; ${name} explains: ${explanation}`;
  return reply(550, "5.7.23", `SPF ${result}: ${ip} may not send for ${name}${said}`);
}

function printable(domain: string): string {
  return domain.replace(/[^!-~]/g, "?");
}
