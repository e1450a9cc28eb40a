/** The public ARC suite and the examples of the DKIM standards, as cases that every runtime can run. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import type { StaticTable } from "../../src/dns/mod.ts";
import { keys, rfc6376, rfc8463 } from "./examples.ts";
import { signaturesOf } from "./message.ts";

/** The public test suite for ARC validation, which is not ours to ship. */
export const suitePath: string = process.env["POSTERN_ARC_SUITE"] ??
  fileURLToPath(new URL("../../../shared/data/arc-draft-validation-tests.yml", import.meta.url));

/** Said where the suite is not there. */
export const absent: string =
  `skipped: no ARC suite at ${suitePath}; name the file in POSTERN_ARC_SUITE to run its 171 cases`;

interface Scenario {
  readonly description: string;
  readonly tests: Readonly<Record<string, { readonly message: string; readonly cv: string }>>;
  readonly "txt-records": Readonly<Record<string, string>>;
}

type Cases = Record<string, () => Promise<void>>;

/** One function for each of the 171 cases, or undefined where the file is not there. */
export function arcCases(): Cases | undefined {
  if (!existsSync(suitePath)) return undefined;
  const cases: Cases = {};
  for (const document of parseAllDocuments(readFileSync(suitePath, "utf8"))) {
    const scenario = document.toJS() as Scenario | null;
    if (scenario === null) continue;
    const records = Object.entries(scenario["txt-records"] ?? {});
    const table: StaticTable = Object.fromEntries(records.map(([name, text]) => [name, { TXT: [String(text)] }]));
    for (const [name, { message, cv }] of Object.entries(scenario.tests)) {
      cases[`${scenario.description.trim()}: ${name}`] = async () => {
        const { arc } = await signaturesOf(message ?? "", table);
        // Three cases leave open what a chain is that says itself that it failed: a failed one (RFC 8617 section 5.2).
        assert.equal(arc.result, cv === "" ? "fail" : cv.toLowerCase(), arc.reason);
      };
    }
  }
  return cases;
}

async function dkimOf(text: string, piece?: number): Promise<string> {
  const { dkim } = await signaturesOf(text, keys, piece);
  return dkim.map(({ result, algorithm, reason }) => `${algorithm} ${result}${reason ? ` (${reason})` : ""}`).join(
    ", ",
  );
}

/** The examples, whole and byte by byte, and with one byte changed. */
export const exampleCases: Cases = {
  "the example of RFC 6376 verifies": async () => assert.equal(await dkimOf(rfc6376), "rsa-sha256 pass"),
  "the example of RFC 8463 verifies by both of its keys": async () =>
    assert.equal(await dkimOf(rfc8463), "ed25519-sha256 pass, rsa-sha256 pass"),
  "they verify byte by byte": async () => {
    assert.equal(await dkimOf(rfc6376, 1), "rsa-sha256 pass");
    assert.equal(await dkimOf(rfc8463, 1), "ed25519-sha256 pass, rsa-sha256 pass");
  },
  "a changed text fails them": async () => {
    assert.equal(await dkimOf(rfc6376.replace("hungry", "hungrY")), "rsa-sha256 fail (body hash did not verify)");
    const changed = await dkimOf(rfc8463.replace("Joe.\n", "Joe!\n"));
    assert.equal(changed.match(/ fail \(body hash/g)?.length, 2);
  },
  "a changed field fails them": async () => {
    assert.equal(await dkimOf(rfc6376.replace("ready?", "ready!")), "rsa-sha256 fail (bad signature)");
    assert.equal((await dkimOf(rfc8463.replace("ready?", "ready!"))).match(/ fail \(bad/g)?.length, 2);
  },
};
