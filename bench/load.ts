/**
 * Many small messages, and a message of 25 MB each second among them: whether memory grows, and how late the event loop
 * is.
 *
 * `bun bench/load.ts [--runtime bun|deno|node]… [--messages N] [--minutes N] [--large OCTETS]
 * [--read bytes|text|fingerprint|parse] [--write]`; 1 000 000 messages of 1 KiB by default.
 *
 * They come as fast as they are taken, for one runtime after the other; with `--minutes` they are spread over that time,
 * a burst each second, for all runtimes at once.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { find } from "../test/clients/found.ts";
import { freePort, listening } from "../test/clients/scratch.ts";
import { type RuntimeName, runtimeNames } from "../test/runtime.ts";
import { title } from "./contestants.ts";
import { processorTime, residentSize } from "./figures.ts";
import { loadAverage, machine, noiseWarning } from "./machine.ts";
import { build, interpreters, ready } from "./programs.ts";
import { writeResults } from "./results.ts";
import { percentile, slope } from "./series.ts";
import type { Pulse } from "./servers/loaded.ts";
import { size, table, whole } from "./table.ts";

const { values: flags } = parseArgs({
  options: {
    runtime: { type: "string", multiple: true, default: [] },
    messages: { type: "string", default: "1000000" },
    minutes: { type: "string" },
    large: { type: "string", default: "25000000" },
    read: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});
const messages = Number(flags.messages);
const minutes = flags.minutes === undefined ? undefined : Number(flags.minutes);
const chosen = runtimeNames.filter((name) => flags.runtime.length === 0 || flags.runtime.includes(name));
/** So many parts of the run are told apart. */
const parts = 10;

const source = await find("smtp-source");
if (source === undefined) {
  console.log("smtp-source is not installed: it comes with Postfix");
  process.exit(1);
}
const load = loadAverage();
await build();
const rows: string[][] = [];
if (minutes !== undefined) rows.push(...await Promise.all(chosen.map((runtime) => bear(runtime, source))));
else for (const runtime of chosen) rows.push(await bear(runtime, source));

const head = [
  "runtime",
  "small messages",
  "large ones",
  "messages/s",
  "memory by tenths of the run",
  "growth in the second half, for 100 000 messages",
  "loop late: median, p99, most",
  "most by its own work",
];
const how = flags.read === "" ? "piece by piece" : `by ${flags.read}()`;
const pace = minutes === undefined
  ? "as fast as they are taken, to one runtime after the other"
  : `over ${minutes} minutes, a burst each second, to all runtimes at once`;
const about =
  `Machine: ${machine()}. Load average before: ${load.toFixed(2)}. Small messages have 1 KiB and come on 20 ` +
  `connections, ${pace}; large ones have ${whole(Number(flags.large))} octets, one about each second. ` +
  `The handler reads them ${how}. The loop is asked ` +
  'each 5 ms; "by its own work" is what the process itself computed in the worst beat, the rest is the wait for a ' +
  "processor that clients use, too.";
const output = [about, noiseWarning(load), table(head, rows)].filter((part) => part).join("\n\n");
console.log(output);
if (flags.write) writeResults(minutes === undefined ? "load" : "paced", output);

/** One runtime's run, as a row. */
async function bear(runtime: RuntimeName, source: string): Promise<string[]> {
  const port = await freePort();
  const file = await ready(runtime, `bench/servers/loaded_${runtime}.ts`);
  const server = Bun.spawn([...interpreters[runtime], file, `${port}`], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    env: { ...process.env, READ: flags.read },
  });
  const pulses: Pulse[] = [];
  hear(server.stderr, pulses);
  try {
    await listening(port, 30_000);
    // The code is compiled for the load before anything is looked at.
    await send(source, port, 5000, 1024);
    pulses.length = 0;
    const began = performance.now();
    const memory: number[] = [];
    let isOver = false;
    const large = sendLarge(source, port, () => isOver);
    for (let part = 0; part < parts; part++) {
      await sendPart(source, port);
      memory.push(residentSize(server.pid));
      const cost = (processorTime(server.pid) * 1e6 / (5000 + messages * (part + 1) / parts)).toFixed(0);
      console.error(`${runtime}: ${part + 1} of ${parts}, ${size(memory.at(-1)!)}, ${cost} µs a small message`);
    }
    const seconds = (performance.now() - began) / 1000;
    isOver = true;
    const largeSent = await large;
    const late = pulses.flatMap((pulse) => pulse.late);
    const half = memory.slice(parts / 2).map((octets, at) => [at * messages / parts, octets] as const);
    const growth = slope(half) * 100_000;
    return [
      title(runtime),
      whole(messages),
      whole(largeSent),
      whole(messages / seconds),
      memory.map((octets) => Math.round(octets / 2 ** 20)).join(" ") + " MiB",
      `${growth < 0 ? "−" : "+"}${size(Math.abs(growth))}`,
      `${[0.5, 0.99, 1].map((part) => percentile(late, part)).join(", ")} ms`,
      `${Math.max(0, ...pulses.map(({ busiest }) => busiest))} ms`,
    ];
  } finally {
    server.kill("SIGKILL");
    await server.exited;
  }
}

/** One of the parts of all small messages. */
async function sendPart(source: string, port: number): Promise<void> {
  if (minutes === undefined) return await send(source, port, Math.ceil(messages / parts), 1024);
  const bursts = Math.ceil(minutes * 60 / parts);
  for (let burst = 0; burst < bursts; burst++) {
    const next = performance.now() + 1000;
    await send(source, port, Math.ceil(messages / parts / bursts), 1024);
    await new Promise((resolve) => setTimeout(resolve, next - performance.now()));
  }
}

/** A large message each second; how many there were. */
async function sendLarge(source: string, port: number, isOver: () => boolean): Promise<number> {
  let sent = 0;
  while (!isOver()) {
    const next = performance.now() + 1000;
    await send(source, port, 1, Number(flags.large));
    sent++;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
  }
  return sent;
}

/** @throws {Error} with what the client said, when a message was not taken. */
async function send(source: string, port: number, count: number, octets: number): Promise<void> {
  const amount = ["-s", `${Math.min(20, count)}`, "-m", `${count}`, "-l", `${octets}`, "-d"];
  const child = Bun.spawn([source, ...amount, `127.0.0.1:${port}`], { stdout: "ignore", stderr: "pipe" });
  const [code, said] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  if (code !== 0) throw new Error(`A message of ${octets} octets was not taken: ${said.trim()}`);
}

/** Reads the server's lines; what is none of its own goes on to the terminal. */
async function hear(lines: ReadableStream<Uint8Array>, pulses: Pulse[]): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of lines) {
    const all = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = all.pop() ?? "";
    for (const line of all) {
      if (line.startsWith('{"late"')) pulses.push(JSON.parse(line) as Pulse);
      else console.error(line);
    }
  }
}
