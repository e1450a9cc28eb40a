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
import { loadAverage, machine } from "./machine.ts";
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

const head = [
  "runtime",
  "copies answered 250",
  "bad clients",
  "wrong answers",
  "lost",
  "twice",
  "unheard",
  "unhandled",
  "memory",
  "a minute",
  "open files",
  "loop delay, p99 and longest",
  "sessions left",
];
const rows = found.map((each) => [
  title(each.runtime),
  whole(each.answered),
  whole(each.faults),
  `${each.wrong.length}`,
  `${each.lost.length}`,
  `${each.doubled.length}`,
  whole(each.unheard),
  `${each.unhandled.length}`,
  each.memory.map(size).join(" → "),
  `${each.growth < 0 ? "−" : "+"}${size(Math.abs(each.growth))}`,
  each.files.join(" → "),
  `${each.delay.usual} ms, ${each.delay.longest} ms`,
  `${each.sessions}`,
]);
const about =
  `Machine: ${machine()}. Load average before: ${load.toFixed(2)}. ${seconds} s on each runtime. One of the ` +
  'handlers blocks the loop for 100 ms; "unheard" copies were taken from clients that went before they heard so.';
const output = `${about}\n\n${table(head, rows)}`;
console.log(output);
const wrong = found.flatMap((each) => problems(each).map((problem) => `${each.runtime}: ${problem}`));
for (const problem of wrong.slice(0, 50)) console.log(`- ${problem}`);
if (flags.write) writeResults("soak", output);
process.exit(wrong.length === 0 ? 0 : 1);
