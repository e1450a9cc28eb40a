import { isWithin, type RecordType } from "../dns/mod.ts";
import type { Evaluation } from "./evaluation.ts";
import { SpfError } from "./lookup.ts";
import { isIPv4, matches } from "./network.ts";
import type { Mechanism } from "./record.ts";

/** Most MX names of one target; more are an error (RFC 7208 section 4.6.4). */
const mostExchanges = 10;

type Hosts = Extract<Mechanism, { kind: "a" | "mx" }>;

/** Whether the client matches a mechanism other than include, which runs a check of its own. */
export async function matchesMechanism(
  mechanism: Exclude<Mechanism, { kind: "include" }>,
  domain: string,
  evaluation: Evaluation,
): Promise<boolean> {
  const { client } = evaluation.identity;
  switch (mechanism.kind) {
    case "all":
      return true;
    case "ip4":
    case "ip6":
      return matches(client, mechanism.network, mechanism.prefix);
    case "a":
      return await matchesA(mechanism, domain, evaluation);
    case "mx":
      return await matchesMx(mechanism, domain, evaluation);
    case "ptr":
      evaluation.lookups.countTerm();
      return await matchesPtr(await evaluation.targetName(mechanism.target, domain), evaluation);
    case "exists": {
      evaluation.lookups.countTerm();
      const target = await evaluation.targetName(mechanism.target, domain);
      // A even when the client came over IPv6 (section 5.7).
      return (await evaluation.lookups.askForTerm(target, "A")).length > 0;
    }
  }
}

/** Section 5.3. */
async function matchesA(mechanism: Hosts, domain: string, evaluation: Evaluation): Promise<boolean> {
  evaluation.lookups.countTerm();
  const target = await evaluation.targetName(mechanism.target, domain);
  return isAmong(await evaluation.lookups.askForTerm(target, addressType(evaluation)), mechanism, evaluation);
}

/** Section 5.4. A domain without MX records does not match; the implicit MX of RFC 5321 has no place here. */
async function matchesMx(mechanism: Hosts, domain: string, evaluation: Evaluation): Promise<boolean> {
  evaluation.lookups.countTerm();
  const target = await evaluation.targetName(mechanism.target, domain);
  const exchanges = await evaluation.lookups.askForTerm(target, "MX");
  if (exchanges.length > mostExchanges) {
    throw new SpfError("permerror", `${target} has more than ${mostExchanges} MX records`);
  }
  for (const { exchange } of exchanges) {
    const answer = await evaluation.lookups.ask(exchange, addressType(evaluation));
    if (answer.status === "ok" && isAmong(answer.records, mechanism, evaluation)) return true;
  }
  return false;
}

/** Section 5.5. */
async function matchesPtr(target: string, evaluation: Evaluation): Promise<boolean> {
  return (await evaluation.validatedNames()).some((name) => isWithin(name, target));
}

function addressType(evaluation: Evaluation): RecordType & ("A" | "AAAA") {
  return isIPv4(evaluation.identity.client) ? "A" : "AAAA";
}

function isAmong(addresses: readonly string[], mechanism: Hosts, evaluation: Evaluation): boolean {
  const { client } = evaluation.identity;
  const prefix = isIPv4(client) ? mechanism.prefix4 : mechanism.prefix6;
  return addresses.some((address) => matches(client, address, prefix));
}
