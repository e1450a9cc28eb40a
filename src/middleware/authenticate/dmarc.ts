/** DMARC (RFC 7489): does somebody answer for the author's domain, and if not, what does its owner ask for? */

import { getDomain } from "tldts";
import type { Resolver } from "../../dns/mod.ts";
import { isDomain, toALabels } from "../../protocol/domain.ts";
import type { SpfVerdict } from "../../spf/mod.ts";
import { parseLenientTags } from "./tags.ts";
import type { DkimVerdict, DmarcPolicy, DmarcVerdict } from "./verdict.ts";

/** What DMARC looks at. */
export interface DmarcQuestion {
  /** The domains in `From`; undefined when they cannot be read. */
  readonly authors: readonly string[] | undefined;
  /** Whether the header has lines that others could take for `From`. */
  readonly isAmbiguous: boolean;
  readonly spf: SpfVerdict;
  readonly dkim: readonly DkimVerdict[];
  readonly resolver: Resolver;
  readonly signal: AbortSignal;
  /** Between 0 and 1, for `pct`. */
  readonly chance: number;
}

/** Whoever writes in the name of more domains than this has none. */
const mostAuthors = 5;

/** All domains of the author are asked about, and the one that asks for most decides (RFC 7489 section 6.6.1). */
export async function dmarc(question: DmarcQuestion): Promise<DmarcVerdict> {
  const { authors, isAmbiguous } = question;
  const fault = isAmbiguous
    ? "a line of the header is not a field"
    : authors === undefined || authors.length === 0
    ? "From names no author"
    : authors.length > mostAuthors
    ? "too many domains in From"
    : undefined;
  if (fault !== undefined) return { result: "permerror", disposition: "none", aligned: [], reason: fault };
  const verdicts = await Promise.all(authors!.map((author) => judge(author, question)));
  return verdicts.reduce((worst, verdict) => weight(verdict) > weight(worst) ? verdict : worst);
}

/** What asks for a refusal, then what may, then the rest. */
function weight({ result, disposition, policy }: DmarcVerdict): number {
  if (result === "fail") return disposition === "reject" ? 6 : disposition === "quarantine" ? 4 : 3;
  if (result === "temperror") return policy === "none" ? 2 : 5;
  return result === "none" ? 1 : 0;
}

async function judge(author: string, question: DmarcQuestion): Promise<DmarcVerdict> {
  const record = await findRecord(author, question);
  if (record === undefined) return { result: "none", domain: author, disposition: "none", aligned: [] };
  if (record === "temperror") {
    return {
      result: "temperror",
      domain: author,
      disposition: "none",
      aligned: [],
      reason: "no answer for the policy",
    };
  }
  const { spf, dkim } = question;
  const { policy } = record;
  const spfAligned = isAligned(spf.domain, author, record.spfMode);
  const signatures = dkim.filter(({ domain }) => isAligned(domain, author, record.dkimMode));
  const aligned: ("spf" | "dkim")[] = [];
  if (spf.result === "pass" && spfAligned) aligned.push("spf");
  if (signatures.some(({ result }) => result === "pass")) aligned.push("dkim");
  const about = { domain: author, policy, aligned };
  if (aligned.length > 0) return { result: "pass", ...about, disposition: "none" };
  const isOpen = (spfAligned && spf.result === "temperror") || signatures.some(({ result }) => result === "temperror");
  if (isOpen) return { result: "temperror", ...about, disposition: "none", reason: "no answer for SPF or a DKIM key" };
  return { result: "fail", ...about, disposition: sampled(policy, record.percent, question.chance) };
}

/** Identifier alignment (RFC 7489 section 3.1). What is no domain is in line with none, whatever names the DNS allows. */
function isAligned(domain: string, author: string, mode: string): boolean {
  const [one, other] = [nameOf(domain), nameOf(author)];
  if (one === undefined || other === undefined) return false;
  return mode === "s" ? one === other : organizationalDomain(one) === organizationalDomain(other);
}

function nameOf(domain: string): string | undefined {
  return isDomain(domain) ? toALabels(domain) : undefined;
}

/** Messages that are not in the sample get the next lower policy (RFC 7489 section 6.6.4). */
function sampled(policy: DmarcPolicy, percent: number, chance: number): DmarcPolicy {
  if (chance * 100 < percent) return policy;
  return policy === "reject" ? "quarantine" : "none";
}

interface DmarcRecord {
  readonly policy: DmarcPolicy;
  readonly spfMode: string;
  readonly dkimMode: string;
  readonly percent: number;
}

/** Discovery (RFC 7489 section 6.6.3): at the domain itself, then at its organizational domain. */
async function findRecord(
  author: string,
  { resolver, signal }: DmarcQuestion,
): Promise<DmarcRecord | "temperror" | undefined> {
  const organization = organizationalDomain(author);
  for (const domain of organization === author ? [author] : [author, organization]) {
    const answer = await resolver.resolve(`_dmarc.${domain}`, "TXT", { signal });
    if (answer.status === "failure" && answer.reason !== "name") return "temperror";
    const records = answer.status === "ok"
      ? answer.records.filter((text) => /^v\s*=\s*DMARC1\s*(?:;|$)/.test(text))
      : [];
    if (records.length > 1) return undefined;
    if (records.length === 1) return readRecord(records[0]!, domain !== author);
  }
  return undefined;
}

function readRecord(text: string, isOrganizations: boolean): DmarcRecord | undefined {
  const tags = parseLenientTags(text);
  const own = policyOf(tags.get("p"));
  const below = tags.has("sp") ? policyOf(tags.get("sp")) : own;
  let policy = isOrganizations ? below : own;
  if (own === undefined || below === undefined) {
    // A record that asks for reports is meant to be one (section 6.6.3).
    if (!/\bmailto:/i.test(tags.get("rua") ?? "")) return undefined;
    policy = "none";
  }
  const percent = /^\d{1,3}$/.test(tags.get("pct") ?? "") ? Math.min(100, Number(tags.get("pct"))) : 100;
  return {
    policy: policy!,
    spfMode: tags.get("aspf")?.toLowerCase() ?? "r",
    dkimMode: tags.get("adkim")?.toLowerCase() ?? "r",
    percent,
  };
}

function policyOf(value: string | undefined): DmarcPolicy | undefined {
  const policy = value?.toLowerCase();
  return policy === "none" || policy === "quarantine" || policy === "reject" ? policy : undefined;
}

/**
 * By the public suffix list (RFC 7489 section 3.2), suffixes of private registries included.
 *
 * @param domain a domain, not a URL, which is what the list's reader takes unless it is told.
 */
export function organizationalDomain(domain: string): string {
  const name = domain.toLowerCase();
  return getDomain(name, { allowPrivateDomains: true, extractHostname: false, validateHostname: false }) ?? name;
}
