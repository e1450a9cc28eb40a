import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type packet from "dns-packet";
import { parseAllDocuments } from "yaml";
import { dnsResolver } from "../../src/dns/mod.ts";
import { checkHost } from "../../src/spf/mod.ts";
import { type Asked, type ScriptedReply, type ScriptedServer, scriptedServer } from "../dns/server.ts";

/** The public test suite for RFC 7208, which is not ours to ship. */
export const suitePath: string = process.env["POSTERN_SPF_SUITE"] ??
  fileURLToPath(new URL("../../../shared/data/rfc7208-tests.yml", import.meta.url));

/** Said where the suite is not there. */
export const absent: string =
  `skipped: no RFC 7208 suite at ${suitePath}; name the file in POSTERN_SPF_SUITE to run its 203 cases`;

type ZoneEntry = "TIMEOUT" | Readonly<Record<string, unknown>>;

interface Scenario {
  readonly description: string;
  readonly tests: Readonly<Record<string, SuiteCase>>;
  readonly zonedata: Readonly<Record<string, readonly ZoneEntry[]>>;
}

interface SuiteCase {
  readonly helo: string;
  readonly host: string;
  readonly mailfrom: string;
  readonly result: string | readonly string[];
  readonly explanation?: string;
}

/** One function for each of the 203 cases, or undefined where the file is not there. */
export function spfCases(): Record<string, () => Promise<void>> | undefined {
  if (!existsSync(suitePath)) return undefined;
  const cases: Record<string, () => Promise<void>> = {};
  for (const document of parseAllDocuments(readFileSync(suitePath, "utf8"), { uniqueKeys: false })) {
    const scenario = document.toJS() as Scenario;
    const zone = zoneOf(scenario.zonedata);
    for (const [name, test] of Object.entries(scenario.tests)) {
      cases[`${scenario.description}: ${name}`] = () => runCase(zone, test);
    }
  }
  return cases;
}

async function runCase(zone: Zone, test: SuiteCase): Promise<void> {
  const server: ScriptedServer = await scriptedServer((asked) => answerFrom(zone, asked));
  try {
    const resolver = dnsResolver({ servers: [server.address], timeout: 300, attempts: 2, deadline: 5000 });
    const verdict = await checkHost({ ip: test.host, sender: test.mailfrom, helo: test.helo, resolver });
    const allowed = [test.result].flat();
    const said = JSON.stringify(verdict);
    if (!allowed.includes(verdict.result)) throw new Error(`expected ${allowed.join(" or ")}, got ${said}`);
    // DEFAULT stands for the receiver's own words: no explanation from the domain.
    const expected = test.explanation === "DEFAULT" ? undefined : test.explanation;
    if (test.explanation !== undefined && verdict.explanation !== expected) {
      throw new Error(`expected the explanation ${expected}, got ${said}`);
    }
    if (server.asked.some((asked) => asked.type === "SPF")) throw new Error("asked for the type SPF");
  } finally {
    await server.close();
  }
}

/** What the scripted server knows of a name. */
interface Node {
  readonly records: readonly { readonly type: string; readonly value: unknown }[];
  /** Questions for which there is no record get no answer. */
  readonly silent: boolean;
}

type Zone = ReadonlyMap<string, Node>;

/**
 * The suite's zone data as its own notes ask for it: a record called SPF is published as TXT too, unless the name has
 * a TXT of its own; `TXT: NONE` says that it has none; TIMEOUT silences what was not found.
 */
function zoneOf(data: Scenario["zonedata"]): Zone {
  const zone = new Map<string, Node>();
  for (const [name, entries] of Object.entries(data)) {
    const records: { type: string; value: unknown }[] = [];
    for (const entry of entries) {
      if (entry !== "TIMEOUT") { for (const [type, value] of Object.entries(entry)) records.push({ type, value }); }
    }
    const ownTxt = records.some((record) => record.type === "TXT");
    const copies = ownTxt ? [] : records.filter((record) => record.type === "SPF");
    zone.set(name.toLowerCase(), {
      records: [...records, ...copies.map(({ value }) => ({ type: "TXT", value }))].filter(({ value }) =>
        value !== "NONE"
      ),
      silent: entries.includes("TIMEOUT"),
    });
  }
  return zone;
}

/** As a recursive server would: along the CNAMEs, with what was found on the way. */
function answerFrom(zone: Zone, asked: Asked): ScriptedReply | undefined {
  const answers: packet.Answer[] = [];
  let name = asked.name;
  for (let step = 0; step < 5; step++) {
    const node = zone.get(name.toLowerCase());
    if (node === undefined) return { rcode: 3, answers };
    const found = node.records.filter((record) => record.type === asked.type);
    const aliases = node.records.filter((record) => record.type === "CNAME");
    if (found.length === 0 && node.silent) return undefined;
    for (const { value } of found) answers.push(recordOf(name, asked.type, value));
    if (found.length > 0 || aliases[0] === undefined) break;
    answers.push(recordOf(name, "CNAME", aliases[0].value));
    name = String(aliases[0].value).replace(/\.$/, "");
  }
  return { answers };
}

function recordOf(name: string, type: string, value: unknown): packet.Answer {
  const base = { name, class: "IN", ttl: 60 } as const;
  if (type === "MX") {
    const [preference, exchange] = value as [number, string];
    return { ...base, type, data: { preference, exchange: exchange || "." } };
  }
  if (type === "TXT") {
    // The suite writes bytes as \x80; a record with no strings at all is written as an empty list.
    const strings = [value].flat().map((text) => Buffer.from(String(text), "latin1"));
    return { ...base, type, data: strings.flatMap((bytes) => chunks(bytes)) };
  }
  return { ...base, type: type as "A" | "AAAA" | "PTR" | "CNAME", data: String(value) };
}

/** A character string holds 255 octets at most. */
function chunks(bytes: Buffer): Buffer[] {
  const list: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 255) list.push(bytes.subarray(at, at + 255));
  return list;
}
