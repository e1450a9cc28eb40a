/**
 * Which rows of the conformance table were proved on which runtime, from a JUnit report.
 *
 * `bun .ci/rows.ts REPORT [--write]` prints the table; with `--write` it goes to test/CONFORMANCE.md as well.
 */

import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

const [report = "", flag] = process.argv.slice(2);
const places = ["bun", "deno", "node", "memory"] as const;
type Place = (typeof places)[number];

/** By row, where it was proved. */
const proved = new Map<number, Set<Place>>();
const failed = new Set<number>();

for (const match of readFileSync(report, "utf8").matchAll(/<testcase ([^>]*?)(\/>|>([^]*?)<\/testcase>)/g)) {
  const [, attributes = "", , body = ""] = match;
  const name = attribute(attributes, "name");
  const rows = /^\d{1,3}(?:,? \d{1,3})*(?=[: ])/.exec(name)?.[0].split(/,? /).map(Number) ?? [];
  if (rows.length === 0 || body.includes("<skipped")) continue;
  const path = ` ${attribute(attributes, "classname")} ${attribute(attributes, "file")} `.toLowerCase();
  const place = places.find((candidate) => new RegExp(`\\b${candidate}\\b`).test(path)) ?? "memory";
  for (const row of rows) {
    if (row < 1 || row > 145) continue;
    if (body.includes("<failure") || body.includes("<error")) failed.add(row);
    else (proved.get(row) ?? proved.set(row, new Set()).get(row)!).add(place);
  }
}

function attribute(text: string, name: string): string {
  return new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1]?.replaceAll("&gt;", ">") ?? "";
}

const lines = [
  "# The conformance table, row by row",
  "",
  "What a receiving SMTP server must answer, and where the suite saw that Postern does. Written by",
  "`bun .ci/rows.ts REPORT --write` from the report of a test run; “memory” is the protocol engine without a socket, in",
  "every regular cut.",
  "",
  "| row | Bun | Deno | Node | memory |",
  "| --- | --- | --- | --- | --- |",
];
for (let row = 1; row <= 145; row++) {
  const seen = proved.get(row) ?? new Set();
  const cells = places.map((place) => failed.has(row) ? "failed" : seen.has(place) ? "✓" : "");
  lines.push(`| ${row} | ${cells.join(" | ")} |`);
}
const table = `${lines.join("\n")}\n`;
if (flag === "--write") writeFileSync(new URL("../test/CONFORMANCE.md", import.meta.url), table);
for (const place of places) {
  const missing = Array.from({ length: 145 }, (_, i) => i + 1).filter((row) => !proved.get(row)?.has(place));
  console.log(
    `conformance rows proved on ${place}: ${145 - missing.length} of 145; not: ${missing.join(" ") || "none"}`,
  );
}
if (failed.size > 0) console.log(`conformance rows that failed: ${[...failed].join(" ")}`);
