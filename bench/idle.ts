/**
 * Many idle connections: what each costs in memory, and whether others can still work among them.
 *
 * `bun bench/idle.ts [bun|deno|node]… [--connections N] [--working N] [--workers N] [--write]`; 20 000 and 1000 by
 * default, as far as the limit on open files (`ulimit -n`) allows: each process of a server keeps a quarter of them for
 * messages.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { FileRoom } from "../src/fileroom.ts";
import { find } from "../test/clients/found.ts";
import { runtimeNames } from "../test/runtime.ts";
import { title } from "./contestants.ts";
import { fileLimit, residentSize, tcpMemory } from "./figures.ts";
import { loadAverage, machine, noiseWarning } from "./machine.ts";
import { build, interpreters, ready } from "./programs.ts";
import { writeResults } from "./results.ts";
import { MeasuredServer } from "./server.ts";
import { size, table, whole } from "./table.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    connections: { type: "string", default: "20000" },
    working: { type: "string", default: "1000" },
    workers: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
  },
});
const working = Number(flags.working);
const workers = Number(flags.workers);
/** Files that a runtime has open for itself. */
const spare = 100;
const room = new FileRoom(fileLimit(), spare).connections * workers - working;
const connections = Math.min(Number(flags.connections), room);
const chosen = runtimeNames.filter((name) => positionals.length === 0 || positionals.includes(name));
/** A client holds as many files as connections: two share them. */
const clients = 2;

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

await build();
const source = await find("smtp-source");
const load = loadAverage();
const rows: string[][] = [];
for (const runtime of chosen) {
  const file = await ready(runtime, `bench/servers/postern_${runtime}.ts`);
  const command = [...interpreters[runtime], file];
  await using server = await MeasuredServer.start((port) => ({
    command: [...command, `${port}`],
    env: { WORKERS: `${workers}` },
  }));
  await pause(1000);
  const empty = residentSize(server.pid);
  const kernelBefore = tcpMemory();
  const idlers = Array.from({ length: clients }, () =>
    Bun.spawn(
      [process.execPath, `${import.meta.dir}/load/idle.ts`, `${server.port}`, `${Math.floor(connections / clients)}`],
      { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
    ));
  try {
    await Promise.all(idlers.map(async ({ stdout }) => {
      const { value } = await stdout.getReader().read();
      if (value === undefined) throw new Error(`The idle clients of ${runtime} ended`);
    }));
    // Garbage of the greeting goes when the runtime finds the time.
    await pause(5000);
    const idle = residentSize(server.pid);
    const kernel = Math.max(0, tcpMemory() - kernelBefore);
    const worked = await work(server.port);
    await pause(2000);
    const after = residentSize(server.pid);
    const each = (octets: number): string => `${(octets / connections / 1024).toFixed(1)} KiB`;
    rows.push([
      title(runtime),
      whole(connections),
      size(empty),
      size(idle),
      each(idle - empty),
      each(kernel),
      worked,
      size(after),
    ]);
    console.error(rows.at(-1)?.join(", "));
  } finally {
    for (const idler of idlers) idler.kill();
    await Promise.all(idlers.map(({ exited }) => exited));
  }
}

const head = [
  "runtime",
  "idle connections",
  "empty process",
  "with them",
  "each",
  "each, in the kernel",
  `${whole(working)} at work among them`,
  "memory afterwards",
];
const limited = connections < Number(flags.connections)
  ? ` The limit on open files is ${whole(fileLimit())}, of which a server keeps a quarter for messages.`
  : "";
const processes = workers === 1 ? "" : ` ${workers} workers; memory is theirs and their parent's together.`;
const about = `Machine: ${machine()}. Load average before: ${load.toFixed(2)}.${processes}${limited}`;
const output = [about, noiseWarning(load), table(head, rows)].filter((part) => part).join("\n\n");
console.log(output);
if (flags.write) writeResults("idle", output);

/** Many connections with a message of 1 KiB after the other; what became of them. */
async function work(port: number): Promise<string> {
  if (source === undefined) return "smtp-source is not installed";
  const messages = working * 20;
  const amount = ["-s", `${working}`, "-m", `${messages}`, "-l", "1024", "-d"];
  const began = performance.now();
  const child = Bun.spawn([source, ...amount, `127.0.0.1:${port}`], { stdout: "ignore", stderr: "pipe" });
  const [code, said] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  const rate = messages / (performance.now() - began) * 1000;
  return code === 0 ? `${whole(rate)} messages/s` : said.trim().split("\n").at(-1) ?? "failed";
}
