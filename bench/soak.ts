/**
 * A server among clients that fail in every way, for as long as you like, on each runtime in turn.
 *
 * `npm run soak -- [bun|deno|node]… [--minutes N] [--seconds N] [--write]`; ten minutes for each runtime by default.
 * Ends with 1 when something went wrong.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { runtimeNames } from "../test/runtime.ts";
import { title } from "./contestants.ts";
import { loadAverage, machine, noiseWarning } from "./machine.ts";
import { build } from "./programs.ts";
import { writeResults } from "./results.ts";
import { type Findings, problems, soak } from "./soak/run.ts";
import { size, table, whole } from "./table.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: "string" }, seconds: { type: "string" }, write: { type: "boolean", default: false } },
});
const seconds = Number(flags.seconds ?? Number(flags.minutes ?? 10) * 60);
const chosen = runtimeNames.filter((name) => positionals.length === 0 || positionals.includes(name));

await build();
const load = loadAverage();
const found: Findings[] = [];
for (const runtime of chosen) {
  console.error(`${runtime}: ${seconds} s`);
  found.push(await soak(runtime, seconds));
}

const figures: readonly (readonly [what: string, of: (each: Findings) => string])[] = [
  ["copies answered 250", (each) => whole(each.answered)],
  ["connections of bad clients", (each) => whole(each.faults)],
  ["wrong answers to good clients", (each) => `${each.wrong.length}`],
  ["copies answered 250 and lost", (each) => `${each.lost.length}`],
  ["copies delivered twice", (each) => `${each.doubled.length}`],
  ["copies whose sender left unheard", (each) => whole(each.unheard)],
  ["unhandled errors", (each) => `${each.unhandled.length}`],
  ["memory, at each sixth of the time", (each) => each.memory.map(size).join(" → ")],
  ["memory's growth in a minute", ({ growth }) => `${growth < 0 ? "−" : "+"}${size(Math.abs(growth))}`],
  ["kept after a collection, middle and last third", ({ kept }) => kept.map(size).join(" → ")],
  ["open files, before and after", (each) => each.files.join(" → ")],
  ["loop delay, p99 and longest", ({ delay }) => `${delay.usual} ms, ${delay.longest} ms`],
  ["sessions left", (each) => `${each.sessions}`],
  ["temporary files left", (each) => `${each.left}`],
  ["exit status", (each) => `${each.exitCode}`],
];
const kinds = [...new Set(found.flatMap((each) => [...each.kinds.keys()]))].sort();
const head = ["", ...found.map((each) => title(each.runtime))];
const rows = [
  ...figures.map(([what, of]) => [what, ...found.map(of)]),
  ...kinds.map((kind) => [kind, ...found.map((each) => whole(each.kinds.get(kind) ?? 0))]),
];
const about =
  `Machine: ${machine()}. Load average before: ${load.toFixed(2)}. ${seconds} s on each runtime. One of the ` +
  "handlers blocks the loop for 100 ms. The last rows are the faults, of clients and of handlers, by kind.";
const output = [about, noiseWarning(load), table(head, rows)].filter((part) => part).join("\n\n");
console.log(output);
const wrong = found.flatMap((each) => problems(each).map((problem) => `${each.runtime}: ${problem}`));
for (const problem of wrong.slice(0, 50)) console.log(`- ${problem}`);
if (flags.write) writeResults("soak", output);
process.exit(wrong.length === 0 ? 0 : 1);
