import { type Resolver, wireName } from "../dns/mod.ts";
import { deadline } from "../dns/deadline.ts";
import { Evaluation } from "./evaluation.ts";
import { Lookups, SpfError, type SpfLimits } from "./lookup.ts";
import { expand, type MacroString, parseExplanation, usesLocalPart } from "./macro.ts";
import { matchesMechanism } from "./mechanism.ts";
import { parseClient } from "./network.ts";
import { type Directive, parseRecord, type Qualifier, selectRecords, type SpfRecord } from "./record.ts";

/** The results of RFC 7208 section 2.6. */
export type SpfResult = "none" | "neutral" | "pass" | "fail" | "softfail" | "temperror" | "permerror";

/** What to check. */
export interface SpfQuestion {
  /** The client's address, in text form. */
  readonly ip: string;
  /** The reverse path without brackets; empty for the null sender, whose HELO name is checked then (section 2.4). */
  readonly sender: string;
  /** What the client said in EHLO or HELO. */
  readonly helo: string;
  /** Asks the DNS. */
  readonly resolver: Resolver;
  /** Our own name, for explanations that ask for it. Default "unknown", as section 7.3 has it. */
  readonly receiver?: string;
  /** Milliseconds since 1970, for explanations that ask for it. Default `Date.now`. */
  readonly now?: () => number;
  /** Milliseconds for the whole check; then it is a temperror. Default 20000, the least that section 4.6.4 asks for. */
  readonly timeout?: number;
  /** Default 10 and 2. */
  readonly limits?: Partial<SpfLimits>;
  /** Ends the check: a temperror. */
  readonly signal?: AbortSignal;
}

/** What came of it. */
export interface SpfVerdict {
  /** The word of RFC 7208 section 2.6. */
  readonly result: SpfResult;
  /** Which identity this is about. */
  readonly identity: "mailfrom" | "helo";
  /** The domain that was checked, as A-labels where it has them. */
  readonly domain: string;
  /** The mailbox that was checked; `postmaster@` the HELO name for the null sender. */
  readonly sender: string;
  /** What the client said in EHLO or HELO. */
  readonly helo: string;
  /** The client, IPv4 also when it came in IPv6 clothes. */
  readonly ip: string;
  /** The mechanism that decided, as published, or "default" when none matched. Absent for none and the errors. */
  readonly mechanism?: string;
  /** With `fail`: the domain owner's words. They come from a stranger: ASCII without control characters, 1000 at most. */
  readonly explanation?: string;
  /** With the errors: what is wrong, for logs and headers. ASCII. */
  readonly problem?: string;
}

/** Of letters, digits and hyphens; hosts with an underscore do send mail. */
const hostName = /^[A-Za-z0-9_.-]+$/;

interface Outcome {
  readonly result: SpfResult;
  readonly mechanism?: string;
  readonly problem?: string;
  /** The record's own `exp=`, and the domain it stands for. */
  readonly explain?: { readonly spec: MacroString; readonly domain: string } | undefined;
}

/** Macros can make a short record long; a reply of more than this helps nobody. */
const longestExplanation = 1000;

const results: Readonly<Record<Qualifier, SpfResult>> = { "+": "pass", "-": "fail", "~": "softfail", "?": "neutral" };

/**
 * Evaluates SPF: may this client send for this domain? `check_host()` of RFC 7208 section 4.
 *
 * @example
 * ```ts
 * import { staticResolver } from "postern/dns";
 *
 * const resolver = staticResolver({ "example.com": { TXT: ["v=spf1 ip4:192.0.2.0/24 -all"] } });
 * const verdict = await checkHost({ ip: "192.0.2.1", sender: "a@example.com", helo: "mx.example.com", resolver });
 * verdict.result; // "pass"
 * ```
 * @throws TypeError when `ip` is not an IP address. Nothing that the DNS or the client says makes it throw.
 */
export async function checkHost(question: SpfQuestion): Promise<SpfVerdict> {
  const client = parseClient(question.ip);
  const { sender } = question;
  const at = sender.lastIndexOf("@");
  const local = at > 0 ? sender.slice(0, at) : "postmaster"; // section 4.3
  const named = sender === "" ? question.helo : sender.slice(at + 1);
  const domain = wireName(named) ?? named;
  const about = {
    identity: sender === "" ? "helo" : "mailfrom",
    domain,
    sender: `${local}@${domain}`,
    helo: question.helo,
    ip: client.toString(),
  } as const;
  // A client says in HELO what it likes: what is no domain is no identity (section 2.3), though the DNS may know it.
  if (!hostName.test(domain) || !isMailDomain(domain)) return { result: "none", ...about };

  const limit = deadline(question.timeout ?? 20_000, question.signal);
  const lookups = new Lookups(question.resolver, { lookups: 10, voids: 2, ...question.limits }, limit.signal);
  const evaluation = new Evaluation({
    client,
    local,
    senderDomain: domain,
    helo: question.helo,
    receiver: question.receiver ?? "unknown",
    now: question.now ?? Date.now,
  }, lookups);
  try {
    const { result, mechanism, problem, explain } = await evaluate(domain, evaluation);
    const explanation = result === "fail" && explain ? await explanationOf(explain, evaluation) : undefined;
    return {
      result,
      ...about,
      ...(mechanism === undefined ? {} : { mechanism }),
      ...(problem === undefined ? {} : { problem }),
      ...(explanation === undefined ? {} : { explanation }),
    };
  } catch (error) {
    if (!(error instanceof SpfError)) throw error;
    return { result: error.result, ...about, problem: error.message.replace(/[^ -~]/g, "?") };
  } finally {
    limit.clear();
  }
}

/** Section 4.3: several labels, none of them empty or too long. An address literal is no domain. */
function isMailDomain(domain: string): boolean {
  const wire = wireName(domain);
  return wire !== undefined && wire.includes(".") && !wire.startsWith("[");
}

/** The record of a domain, or undefined when it has none (sections 4.4 and 4.5). */
async function fetchRecord(domain: string, evaluation: Evaluation): Promise<SpfRecord | undefined> {
  if (!isMailDomain(domain)) return undefined;
  const answer = await evaluation.lookups.ask(domain, "TXT");
  const records = answer.status === "ok" ? selectRecords(answer.records) : [];
  if (records.length > 1) throw new SpfError("permerror", `${domain} has more than one SPF record`);
  if (records[0] === undefined) return undefined;
  const record = parseRecord(records[0]);
  if ("problem" in record) throw new SpfError("permerror", `in the record of ${domain}, ${record.problem}`);
  return record;
}

async function evaluate(domain: string, evaluation: Evaluation): Promise<Outcome> {
  const record = await fetchRecord(domain, evaluation);
  if (record === undefined) return { result: "none" };
  const explain = record.explanation && { spec: record.explanation, domain };
  for (const directive of record.directives) {
    if (await matchesDirective(directive, domain, evaluation)) {
      return { result: results[directive.qualifier], mechanism: directive.text, explain };
    }
  }
  if (record.redirect === undefined) return { result: "neutral", mechanism: "default" };
  evaluation.lookups.countTerm();
  const target = await evaluation.targetName(record.redirect, domain);
  const redirected = await evaluate(target, evaluation);
  if (redirected.result !== "none") return redirected;
  throw new SpfError("permerror", `${domain} redirects to ${target}, which has no SPF record`); // section 6.1
}

/** An include is a check of its own, of which only a pass matches (section 5.2). */
async function matchesDirective(directive: Directive, domain: string, evaluation: Evaluation): Promise<boolean> {
  const { mechanism } = directive;
  // A local part beyond ASCII makes no DNS label: "terms that include %{s} or %{l} do not match" (RFC 8616 section 4).
  const target = "target" in mechanism ? mechanism.target : undefined;
  if (target !== undefined && usesLocalPart(target) && /[^ -~]/.test(evaluation.identity.local)) return false;
  if (mechanism.kind !== "include") return await matchesMechanism(mechanism, domain, evaluation);
  evaluation.lookups.countTerm();
  const included = await evaluation.targetName(mechanism.target, domain);
  const { result } = await evaluate(included, evaluation);
  if (result === "none") throw new SpfError("permerror", `${domain} includes ${included}, which has no SPF record`);
  return result === "pass";
}

/** The text that `exp=` leads to. Any trouble on the way, and there is none (section 6.2). */
async function explanationOf(
  explain: { readonly spec: MacroString; readonly domain: string },
  evaluation: Evaluation,
): Promise<string | undefined> {
  try {
    const answer = await evaluation.lookups.ask(await evaluation.targetName(explain.spec, explain.domain), "TXT");
    if (answer.status !== "ok" || answer.records.length !== 1) return undefined;
    const parts = parseExplanation(answer.records[0]!);
    if (parts === undefined) return undefined;
    const text = await expand(parts, (letter) => evaluation.macroValue(letter, explain.domain));
    // A macro may have brought in what the sender wrote.
    return text.slice(0, longestExplanation).replace(/[^ -~]/g, "?");
  } catch (error) {
    if (error instanceof SpfError) return undefined;
    throw error;
  }
}
