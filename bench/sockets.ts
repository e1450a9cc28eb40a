/**
 * What a runtime's sockets cost: servers that do nothing but answer, over each way of getting bytes that there is, and
 * over Postern's own. What Postern needs beyond them is its own work.
 *
 * `bun bench/sockets.ts [bun|deno|node]… [--rounds N] [--seconds N] [--write]`
 */

import { parseArgs } from "node:util";
import { type RuntimeName, runtimeNames } from "../test/runtime.ts";
import { title } from "./contestants.ts";
import { loadAverage, machine, noiseWarning } from "./machine.ts";
import { certificate, getPeers } from "./peers.ts";
import { build, interpreters, ready, runtimeVersion } from "./programs.ts";
import { writeResults } from "./results.ts";
import { type Run, runScenario, type Scenario, scenarios } from "./scenarios.ts";
import { MeasuredServer } from "./server.ts";
import { median, ratio, table, whole } from "./table.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
  },
});
const rounds = Number(flags.rounds);
const secondsPerRun = Number(flags.seconds);
const chosen = runtimeNames.filter((name) => positionals.length === 0 || positionals.includes(name));

/** How bytes are got. */
interface Way {
  readonly name: string;
  readonly hasTls: boolean;
}

const ways: Readonly<Record<RuntimeName, readonly Way[]>> = {
  bun: [{ name: "adapter", hasTls: true }, { name: "node:net", hasTls: true }],
  deno: [
    { name: "adapter", hasTls: true },
    { name: "node:net", hasTls: true },
    { name: "conn", hasTls: false },
    { name: "conn-reused", hasTls: false },
  ],
  node: [{ name: "adapter", hasTls: true }, { name: "node:net", hasTls: true }],
};
const contests = scenarios.filter(({ name }) => /^\d+ KiB, (?:STARTTLS, )?connections kept$/.test(name));

const load = loadAverage();
await build();
await getPeers();
await using stack = new AsyncDisposableStack();
const servers: { runtime: RuntimeName; way: Way; server: MeasuredServer }[] = [];
for (const runtime of chosen) {
  const file = await ready(runtime, "bench/servers/bare.ts");
  for (const way of ways[runtime]) {
    const command = (port: number): readonly string[] => {
      return [...interpreters[runtime], file, `${port}`, way.name, certificate.cert, certificate.key];
    };
    const server = stack.use(await MeasuredServer.start((port) => ({ command: command(port) })));
    servers.push({ runtime, way, server });
  }
}

const columns: Map<MeasuredServer, readonly Run[]>[] = [];
for (const scenario of contests) columns.push(await measure(scenario));

const head = ["sockets", ...contests.map(({ name }) => `${name.replace(", connections kept", "")}, µs`)];
const rows = servers.map(({ runtime, way, server }) => [
  `${title(runtime)}, ${way.name}`,
  ...columns.map((runs) => {
    const adapter = servers.find((each) => each.runtime === runtime)!.server;
    const time = timeOf(runs.get(server));
    return time === undefined
      ? "–"
      : `${(time * 1e6).toFixed(0)} (${ratio(time / (timeOf(runs.get(adapter)) ?? NaN))})`;
  }),
]);
const output = [
  `Machine: ${machine()}. Load average before: ${load.toFixed(2)}. ` +
  `${chosen.map((runtime) => `${title(runtime)} ${runtimeVersion(runtime)}`).join(", ")}.`,
  `Microseconds of the server's processor time for each message, and in brackets as a multiple of Postern's own ` +
  `socket; the median of ${whole(rounds)} runs of ${secondsPerRun} s, in turn.`,
  ...[noiseWarning(load) ?? []].flat(),
  table(head, rows),
].join("\n\n");
console.log(output);
if (flags.write) writeResults("sockets", output);

/** The runs of one scenario, the servers in turn. */
async function measure(scenario: Scenario): Promise<Map<MeasuredServer, readonly Run[]>> {
  const runs = new Map<MeasuredServer, Run[]>();
  const amounts = new Map<MeasuredServer, number>();
  for (let round = -2; round < rounds; round++) {
    for (const { way, server } of servers) {
      if (scenario.name.includes("TLS") && !way.hasTls) continue;
      const run = await runScenario(scenario, server, amounts.get(server) ?? 1000);
      if (typeof run === "string") throw new Error(`${way.name}, ${scenario.name}: ${run}`);
      // The first two are for the compilers, and to find how many messages fill the time.
      if (round < 0) amounts.set(server, Math.ceil(run.messages / run.seconds * secondsPerRun));
      else runs.set(server, [...runs.get(server) ?? [], run]);
    }
  }
  return runs;
}

function timeOf(runs: readonly Run[] | undefined): number | undefined {
  return runs === undefined ? undefined : median(runs.map(({ serverTime }) => serverTime));
}
