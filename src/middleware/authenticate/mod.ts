/**
 * Who answers for a message: SPF, DKIM, DMARC, ARC and the client's name, as middleware.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import { prependField, removeFields } from "../../app/edits.ts";
import { policy } from "../../app/mechanisms.ts";
import { reply } from "../../app/reply.ts";
import { deadline } from "../../dns/deadline.ts";
import type { Resolver } from "../../dns/mod.ts";
import { parseHeader } from "../../protocol/header.ts";
import type { DataEvent } from "../../session/event.ts";
import { askedOf, exempting, type Exemptions, sharedResolver } from "../asked.ts";
import { iprev, type ReverseName } from "../fcrdns/iprev.ts";
import { check, verdictOf } from "../spf/check.ts";
import { authorDomains } from "./author.ts";
import { dmarc } from "./dmarc.ts";
import { isAmbiguous, isExcessive } from "./header.ts";
import { KeyLookups } from "./keys.ts";
import { authenticationResults, isForged } from "./results.ts";
import type { AuthVerdict } from "./verdict.ts";
import { verifySignatures } from "./verify.ts";

export type { Exemptions };
export type { ArcVerdict, AuthVerdict, DkimResult, DkimVerdict, DmarcPolicy, DmarcVerdict } from "./verdict.ts";
export type { ReverseName } from "../fcrdns/iprev.ts";
export type { SpfResult, SpfVerdict } from "../../spf/mod.ts";

/** What `authenticate()` puts on `c.var`, from `data` on. */
export interface AuthenticateVariables {
  /** Absent for clients that were not looked at. */
  readonly auth?: AuthVerdict;
}

/** Options of {@linkcode authenticate}. */
export interface AuthenticateOptions extends Exemptions {
  /**
   * What a failed DMARC check does.
   *
   * - `"report"`: nothing but be reported. The default.
   * - `"enforce"`: where the author's domain asks for `reject`, 550 5.7.1; where the DNS could not tell, 451 4.7.0;
   *   where nobody can say who the author is, 550 5.7.1: no `From`, several, or a header with lines that are no fields,
   *   which readers take for different things.
   *   `quarantine` is yours to carry out: `c.var.auth.dmarc.disposition` says so.
   */
  readonly dmarc?: "enforce" | "report";
  /**
   * Asked before mail is refused or deferred by DMARC; `true` takes it all the same, as for a list whose ARC seal you
   * trust.
   */
  readonly override?: (auth: AuthVerdict, c: Context) => boolean | Promise<boolean>;
  /** The name the results are given under (authserv-id of RFC 8601 section 2.5). Default: the server's own. */
  readonly name?: string;
  /** Default: one over the system's DNS servers, shared by all middleware. */
  readonly resolver?: Resolver;
  /** Milliseconds for all lookups of one message; what is open then is a `temperror`. Default 30 000. */
  readonly timeout?: number;
}

/**
 * Verifies a message at `data`: SPF, every DKIM signature (RFC 6376, RFC 8463), DMARC (RFC 7489), the ARC chain
 * (RFC 8617) and the client's name (iprev). Handlers find the verdicts as `c.var.auth`, and the message has an
 * `Authentication-Results` field in the server's name; those that came with it in that name are taken out (RFC 8601
 * section 5).
 *
 * The message is read once, in pieces. Lookups that fail are a `temperror`, never a pass and never a fail. What
 * `spf()` and `fcrdns()` found before is used.
 *
 * A message with more than 256 KiB, 1000 fields or 8192 lines of header is refused with 552 5.3.4: nobody could say
 * what is in it.
 *
 * Messages of authenticated clients and of those on a Unix socket are not verified, but cleaned of results in our name;
 * those of clients on the `except` list are taken as they are: list the machines there whose results you believe.
 *
 * @throws {TypeError} for a name that is none, and for an entry of `except` that is no address.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { authenticate, type AuthenticateVariables } from "postern/authenticate";
 *
 * const app = new Postern<{ Variables: AuthenticateVariables }>();
 * app.use(authenticate({ dmarc: "enforce" }));
 * app.deliver("*", (c) => {
 *   const isSuspect = c.var.auth?.dmarc.disposition === "quarantine";
 *   return c.text(isSuspect ? "Taken, with doubts" : "Taken");
 * });
 * ```
 */
export function authenticate(options: AuthenticateOptions = {}): MiddlewareHandler {
  const { dmarc: mode = "report", override = () => false } = options;
  if (options.name !== undefined && !/^[\w.-]+$/.test(options.name)) {
    throw new TypeError(`Cannot give results under the name ${JSON.stringify(options.name)}: write a host name`);
  }
  const isListed = exempting(options);
  const isUnverified = exempting({});
  return policy<MiddlewareHandler>("authenticate", async (c, next) => {
    const asked = askedOf(c);
    if (asked?.event.stage !== "data") return await next();
    const { event: { session, envelope, content } } = asked;
    let auth = envelope.locals["auth"] as AuthVerdict | undefined;
    if (auth === undefined) {
      const isOurs = isUnverified(session);
      if (!isOurs && isListed(session)) return await next();
      if (isExcessive(content.header)) return reply(552, "5.3.4", "The header of the message is too large");
      const name = options.name ?? asked.name;
      removeFields(envelope, (field, value) => isForged(field, value, name.toLowerCase()));
      if (isOurs) return await next();
      auth = await verify(asked.event, asked.name, options, c.req.raw.signal);
      envelope.locals["auth"] = auth;
      prependField(envelope, "Authentication-Results", authenticationResults(name, session.remote.address, auth));
    }
    c.set("auth", auth);
    const refusal = mode === "enforce" ? refusalOf(auth) : undefined;
    if (refusal !== undefined && !await override(auth, c)) return refusal;
    await next();
  });
}

async function verify(
  event: DataEvent,
  receiver: string,
  options: AuthenticateOptions,
  outer: AbortSignal,
): Promise<AuthVerdict> {
  const { session, envelope, content } = event;
  const resolver = options.resolver ?? sharedResolver();
  const limit = deadline(options.timeout ?? 30_000, outer);
  const { signal } = limit;
  try {
    const known = session.locals["fcrdns"] as ReverseName | undefined;
    const [spf, signatures, name] = await Promise.all([
      verdictOf(envelope) ?? check(event, receiver, { resolver }, signal),
      verifySignatures(content, new KeyLookups(resolver, signal), Date.now()),
      known ?? iprev(session.remote.address, { resolver, signal }),
    ]);
    const from = parseHeader(content.header).filter((field) => field.name.toLowerCase() === "from");
    const authors = authorDomains(from.map(({ value }) => value));
    const verdict = await dmarc({
      authors,
      isAmbiguous: isAmbiguous(content.header),
      spf,
      dkim: signatures.dkim,
      resolver,
      signal,
      chance: Math.random(),
    });
    return { spf, ...signatures, dmarc: verdict, iprev: name };
  } finally {
    limit.clear();
  }
}

/** RFC 7489 section 10.3. */
function refusalOf({ dmarc: { result, domain, policy, disposition, reason } }: AuthVerdict): Response | undefined {
  if (disposition === "reject") return reply(550, "5.7.1", `Refused by the DMARC policy of ${domain}`);
  // Where the owner asks for nothing, there is nothing to wait for.
  if (result === "temperror" && policy !== "none") {
    return reply(451, "4.7.0", `DMARC of ${domain} could not be checked (${reason}), try again later`);
  }
  // An author nobody can name would otherwise be a way around every policy.
  if (result === "permerror") return reply(550, "5.7.1", `Refused by DMARC: ${reason}`);
  return undefined;
}
