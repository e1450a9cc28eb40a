/**
 * Two workers beside one process: throughput, and what a message costs in processor time.
 *
 * `bun bench/workers.ts [bun|deno|node]… [--workers N] [--rounds N] [--seconds N] [--write]`
 */

import { parseArgs } from "node:util";
import { runtimeNames } from "../test/runtime.ts";
import { title } from "./contestants.ts";
import { loadAverage, machine, noiseWarning } from "./machine.ts";
import { build, interpreters, ready } from "./programs.ts";
import { writeResults } from "./results.ts";
import { type Run, runScenario, scenarios } from "./scenarios.ts";
import { MeasuredServer } from "./server.ts";
import { median, ratio, table, whole } from "./table.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    workers: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    write: { type: "boolean", default: false },
  },
});
const [workers, rounds, seconds] = [flags.workers, flags.rounds, flags.seconds].map(Number) as [number, number, number];
const chosen = runtimeNames.filter((name) => positionals.length === 0 || positionals.includes(name));

await build();
const load = loadAverage();
const rows: string[][] = [];
for (const runtime of chosen) {
  const file = await ready(runtime, `bench/servers/postern_${runtime}.ts`);
  const start = (count: number) =>
    MeasuredServer.start((port) => ({
      command: [...interpreters[runtime], file, `${port}`],
      env: { WORKERS: `${count}` },
    }));
  await using alone = await start(1);
  await using together = await start(workers);
  for (const scenario of scenarios.slice(0, 3)) {
    // Turn by turn: whatever else the machine does falls on both.
    const runs = new Map<MeasuredServer, Run[]>([[alone, []], [together, []]]);
    let messages = 2000;
    for (let round = -2; round < rounds; round++) {
      for (const [server, done] of runs) {
        const run = await runScenario(scenario, server, messages);
        if (typeof run === "string") throw new Error(`${runtime}, ${scenario.name}: ${run}`);
        // The first two compile the server's code, and tell how many messages fill the time.
        if (round >= 0) done.push(run);
        else if (server === alone) messages = Math.ceil(run.messages / run.seconds * seconds);
      }
    }
    const rate = (server: MeasuredServer) => median(runs.get(server)!.map((run) => run.messages / run.seconds));
    const cost = (server: MeasuredServer) =>
      `${median(runs.get(server)!.map((run) => run.serverTime * 1e6)).toFixed(0)}`;
    const busy = median(runs.get(together)!.map((run) => run.clientLoad));
    rows.push([
      `${title(runtime)}, ${scenario.name}`,
      whole(rate(alone)),
      whole(rate(together)),
      ratio(rate(together) / rate(alone)),
      cost(alone),
      cost(together),
      ratio(busy),
    ]);
    console.error(rows.at(-1)?.join(", "));
  }
}

const head = [
  "runtime and scenario",
  "one process, messages/s",
  `${workers} workers`,
  "ratio",
  "processor time of one, µs a message",
  `of ${workers} and their parent`,
  "processors the client used meanwhile",
];
const about = `Machine: ${machine()}. Load average before: ${load.toFixed(2)}. Medians of ${rounds} runs of about ` +
  `${seconds} s. The client shares the machine's processors: what it takes the workers have not.`;
const output = [about, noiseWarning(load), table(head, rows)].filter((part) => part).join("\n\n");
console.log(output);
if (flags.write) writeResults("workers", output);
