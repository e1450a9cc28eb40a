/**
 * Block lists and allow lists in the DNS (RFC 5782), as middleware.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { policy } from "../../app/mechanisms.ts";
import { reply } from "../../app/reply.ts";
import { type Resolver, wireName } from "../../dns/mod.ts";
import { askedOf, exempting, type Exemptions, isFrom, sharedResolver } from "../asked.ts";
import { type AskList, askList, type DnsList, type Listing, type Unanswered } from "./listing.ts";

export type { Exemptions };
export type { DnsList, Listing, Unanswered };

/** What the lists said together. */
export interface DnsblVerdict {
  /** The sum over all lists that know the client. */
  readonly score: number;
  /** The lists that know the client. */
  readonly listings: readonly Listing[];
  /** Lists that could not be asked: they count nothing. */
  readonly unanswered: readonly Unanswered[];
}

/** What `dnsbl()` puts on `c.var`, from the connection on. */
export interface DnsblVariables {
  /** Absent for clients that were not looked at. */
  readonly dnsbl?: DnsblVerdict;
}

/** Options of {@linkcode dnsbl}. */
export interface DnsblOptions extends Exemptions {
  /** The lists; a name alone is a block list that counts 1. */
  readonly zones: readonly (string | DnsList)[];
  /** The score from which on a client is refused with 554 5.7.1. `Infinity`: never. Default 1. */
  readonly reject?: number;
  /**
   * Whether a client is told to come back, 451 4.7.1, when lists that gave no answer could have made the difference.
   * Default false: a list that is down lets everybody in.
   */
  readonly defer?: boolean;
  /** From which stage on. `mail` gives clients the chance to authenticate first. Default `"connect"`. */
  readonly stage?: "connect" | "mail" | "rcpt";
  /** Default: one over the system's DNS servers, shared by all middleware. */
  readonly resolver?: Resolver;
}

/** How many there are: to tell what one found out in a session from what another did. */
let made = 0;

/**
 * Asks DNS lists about the client's address, all at once and once in a session, and refuses whoever reaches the score.
 * Handlers find what was said as `c.var.dnsbl`.
 *
 * An answer outside 127.0.0.0/8, as from a resolver that answers everything, and one in 127.255.255.0/24, by which
 * lists say that they did not look, is no answer.
 *
 * Clients on the `except` list, those on a Unix socket and, from `mail` on, authenticated ones are not looked at.
 *
 * @throws {TypeError | RangeError} for a zone, a code or an entry of `except` that cannot be.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { dnsbl } from "postern/dnsbl";
 *
 * const app = new Postern();
 * app.use(dnsbl({
 *   zones: ["bl.example.org", { zone: "mixed.example.org", codes: { "127.0.0.2": 2, "127.0.0.10/31": 1 } }, {
 *     zone: "allow.example.org",
 *     score: -3,
 *   }],
 *   reject: 2,
 * }));
 * ```
 */
export function dnsbl(options: DnsblOptions): MiddlewareHandler {
  const { zones, reject = 1, defer = false, stage = "connect" } = options;
  const lists = zones.map((zone) => typeof zone === "string" ? { zone } : zone);
  for (const { zone } of lists) {
    if (wireName(zone) === undefined) {
      throw new TypeError(`Cannot ask ${JSON.stringify(zone)}: a zone is a name, such as "bl.example.org"`);
    }
  }
  const asks = lists.map(askList);
  const key = `dnsbl ${++made}`;
  const isExempt = exempting(options);
  return policy<MiddlewareHandler>("dnsbl", async (c, next) => {
    const event = askedOf(c)?.event;
    if (event === undefined || !isFrom(event.stage, stage) || isExempt(event.session)) return await next();
    const { locals, remote } = event.session;
    const resolver = options.resolver ?? sharedResolver();
    const verdict = locals[key] as DnsblVerdict | undefined ??
      await askAll(asks, remote.address, resolver, c.req.raw.signal);
    // Each middleware has its verdict, also of the same zones; `c.var.dnsbl` is the latest.
    locals[key] = locals["dnsbl"] = verdict;
    c.set("dnsbl", verdict);
    if (verdict.score >= reject) return refusal(remote.address, verdict);
    if (defer && couldReach(verdict, lists, reject)) {
      return reply(451, "4.7.1", "Your address cannot be looked up, try again later");
    }
    await next();
  });
}

async function askAll(
  asks: readonly AskList[],
  address: string,
  resolver: Resolver,
  signal: AbortSignal,
): Promise<DnsblVerdict> {
  const answers = await Promise.all(asks.map((ask) => ask(address, resolver, signal)));
  const listings: Listing[] = [];
  const unanswered: Unanswered[] = [];
  for (const answer of answers) {
    if (answer === undefined) continue;
    if ("reason" in answer) unanswered.push(answer);
    else listings.push(answer);
  }
  return { score: listings.reduce((sum, { score }) => sum + score, 0), listings, unanswered };
}

/** Whether the lists that said nothing could have brought the score up to the limit. */
function couldReach({ score, unanswered }: DnsblVerdict, lists: readonly DnsList[], reject: number): boolean {
  let most = score;
  for (const { zone } of unanswered) {
    const list = lists.find((candidate) => candidate.zone === zone)!;
    most += Math.max(0, ...(list.codes === undefined ? [list.score ?? 1] : Object.values(list.codes)));
  }
  return most >= reject;
}

function refusal(address: string, { listings }: DnsblVerdict): Response {
  const worst = listings.reduce((one, other) => other.score > one.score ? other : one);
  const said = worst.text === undefined ? "" : `; it says: ${worst.text}`;
  return reply(554, "5.7.1", `Your address ${address} is listed by ${worst.zone}${said}`);
}
