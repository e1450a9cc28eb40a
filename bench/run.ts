/**
 * All servers side by side, on loopback.
 *
 * `npm run bench -- [--quick] [--only NAME]… [--rounds N] [--seconds N] [--write]`
 *
 * `--only` keeps the contestants or scenarios whose name holds NAME, without regard to case; smtp-sink, which the ratios
 * need, always stays. `--write` puts the output into bench/RESULTS.md.
 */

import { parseArgs } from "node:util";
import { type Contestant, contestants } from "./contestants.ts";
import { loadAverage, machine, noiseWarning } from "./machine.ts";
import { getPeers } from "./peers.ts";
import { build } from "./programs.ts";
import { writeResults } from "./results.ts";
import { type Run, runScenario, type Scenario, scenarios } from "./scenarios.ts";
import { MeasuredServer } from "./server.ts";
import { median, ratio, table, whole } from "./table.ts";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    rounds: { type: "string" },
    seconds: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const rounds = Number(flags.rounds ?? (flags.quick ? 1 : 5));
const secondsPerRun = Number(flags.seconds ?? (flags.quick ? 0.5 : 3));

/** Whether a server's code has been compiled for the load; a slow one need not be waited for. */
function isWarm({ messages, seconds }: Run): boolean {
  return seconds > 5 || (messages > 5000 && seconds > secondsPerRun / 4);
}

/** A contestant in one scenario. */
interface Match {
  readonly contestant: Contestant;
  readonly server: MeasuredServer;
  messages: number;
  readonly runs: Run[];
}

const load = loadAverage();
await build();
await getPeers();
const all = await contestants();
const chosen = keep(all);
const contests = keep(scenarios);
await using servers = new AsyncDisposableStack();
const running = new Map<Contestant, MeasuredServer>();
for (const contestant of chosen) {
  try {
    running.set(contestant, servers.use(await MeasuredServer.start((port) => contestant.command(port))));
  } catch (error) {
    console.log(`skipped: ${contestant.name}: ${error instanceof Error ? error.message : error}`);
  }
}

const parts: string[] = [];
for (const scenario of contests) {
  const matches = await warmUp(scenario);
  if (matches.length === 0) continue;
  for (let round = 0; round < rounds; round++) {
    // In turn, and not one after the other: what disturbs the machine for a while disturbs everybody.
    for (const match of matches) {
      const run = await runScenario(scenario, match.server, match.messages);
      if (typeof run === "string") console.log(`failed: ${match.contestant.name}, ${scenario.name}: ${run}`);
      else match.runs.push(run);
    }
  }
  const part = `### ${scenario.name}\n\n${tableOf(matches.filter(({ runs }) => runs.length > 0))}`;
  console.log(`\n${part}`);
  parts.push(part);
}
const about = description();
console.log(`\n${about}`);
if (flags.write) writeResults("bench", `${about}\n\n${parts.join("\n\n")}`);

/** Lets the compilers see the code, and finds how many messages fill the time of a run. */
async function warmUp(scenario: Scenario): Promise<Match[]> {
  const matches: Match[] = [];
  for (const [contestant, server] of running) {
    if (!scenario.suits(contestant)) continue;
    console.error(`warming up: ${contestant.name}, ${scenario.name}`);
    let messages = 200;
    let run = await runScenario(scenario, server, messages);
    while (typeof run !== "string" && !isWarm(run)) {
      messages *= 4;
      run = await runScenario(scenario, server, messages);
    }
    if (typeof run === "string") console.log(`skipped: ${contestant.name}, ${scenario.name}: ${run}`);
    else matches.push({ contestant, server, messages: Math.ceil(messages * secondsPerRun / run.seconds), runs: [] });
  }
  return matches;
}

function tableOf(matches: readonly Match[]): string {
  const head = [
    "server",
    "messages/s",
    "lowest – highest",
    "× smtp-sink",
    "× smtp-server",
    "server µs/message",
    "client",
  ];
  const sink = matches.find(({ contestant }) => contestant.name === "smtp-sink");
  const rows = matches.map((match) => {
    const rates = match.runs.map(({ messages, seconds }) => messages / seconds);
    const { runtime } = match.contestant;
    const peer = matches.find(({ contestant }) =>
      contestant.name.startsWith("smtp-server") && contestant.runtime === runtime
    );
    return [
      match.contestant.name,
      whole(median(rates)),
      `${whole(Math.min(...rates))} – ${whole(Math.max(...rates))}`,
      ratio(rate(match) / rate(sink)),
      runtime === undefined ? "–" : ratio(rate(match) / rate(peer)),
      (median(match.runs.map(({ serverTime }) => serverTime)) * 1e6).toFixed(1),
      `${whole(median(match.runs.map(({ clientLoad }) => clientLoad)) * 100)} %`,
    ];
  });
  return table(head, rows);
}

function rate(match: Match | undefined): number {
  return match === undefined ? NaN : median(match.runs.map(({ messages, seconds }) => messages / seconds));
}

function description(): string {
  const versions = [...running.keys()].map(({ name, version }) => `${name} (${version})`).join(", ");
  return [
    `Machine: ${machine()}. Load average before: ${load.toFixed(2)}.`,
    `Servers: ${versions}.`,
    `${rounds} rounds of ${secondsPerRun} s, the servers in turn; the median of each. "server µs/message" is the server's ` +
    "processor time, user and system; it holds where the client, which shares the machine, is what sets the pace " +
    '("client" near 100 %).',
    ...[noiseWarning(load) ?? []].flat(),
  ].join("\n\n");
}

function keep<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  const wanted = flags.only.map((name) => name.toLowerCase());
  const named = items.filter(({ name }) => wanted.some((part) => name.toLowerCase().includes(part)));
  if (named.length === 0) return items;
  return items.filter((item) => named.includes(item) || item.name === "smtp-sink");
}
