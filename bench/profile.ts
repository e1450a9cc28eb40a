/**
 * Where the time goes: a profile of the processor's time under load, on each runtime, by self time.
 *
 * `bun bench/profile.ts [bun|deno|node]… [--octets N] [--messages N] [--tls] [--each] [--top N] [--write]`
 *
 * Messages come in the clear over connections that are kept, with `--tls` after STARTTLS, with `--each` over a
 * connection for each.
 *
 * The profiles stay in .scratch/profile, for a browser's developer tools to show.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { type RuntimeName, runtimeNames } from "../test/runtime.ts";
import { freePort, listening } from "../test/clients/scratch.ts";
import { title } from "./contestants.ts";
import { processorTime } from "./figures.ts";
import { machine } from "./machine.ts";
import { certificate, getPeers } from "./peers.ts";
import { writeResults } from "./results.ts";
import { load, smtpSource } from "./scenarios.ts";
import { build, interpreters, ready, root, scratch } from "./programs.ts";
import { table, whole } from "./table.ts";

/** A profile as V8 and JavaScriptCore write it. */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds between one sample and the next. */
  readonly timeDeltas: readonly number[];
}

/** A profile, and what the kernel says of the process meanwhile. */
interface Recording {
  readonly profile: Profile;
  /** Seconds of processor time under load, of all threads. */
  readonly processor: number;
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    octets: { type: "string" },
    messages: { type: "string" },
    tls: { type: "boolean", default: false },
    each: { type: "boolean", default: false },
    top: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const octets = Number(flags.octets ?? 1024);
const messages = Number(flags.messages ?? 30_000);
const top = Number(flags.top ?? 30);
const chosen = runtimeNames.filter((name) => positionals.length === 0 || positionals.includes(name));

/** Time outside JavaScript and what it calls, such as the event loop's own. Bun does not tell it. */
const outside = "(program)";
const folder = `${scratch}profile`;
const client = flags.tls
  ? load(octets, ["-tls", ...(flags.each ? ["-each"] : [])])
  : smtpSource(octets, flags.each ? [] : ["-d"]);
const how = `${flags.tls ? "STARTTLS, " : ""}${flags.each ? "a connection each" : "connections kept"}`;

await build();
if (flags.tls) await getPeers();
const parts: string[] = [];
for (const runtime of chosen) {
  const recording = await record(runtime);
  const what = `${title(runtime)}, ${whole(messages)} messages of ${whole(octets)} octets, ${how}`;
  const part = `#### ${what}\n\n${report(recording)}`;
  console.log(`\n${part}`);
  parts.push(part);
}
/** Each kind of load has its own section. */
const section = ["profile", octets === 1024 ? "" : "large", flags.tls ? "tls" : "", flags.each ? "each" : ""];
if (flags.write) {
  writeResults(section.filter((part) => part !== "").join("-"), `Machine: ${machine()}.\n\n${parts.join("\n\n")}`);
}

/** Serves, loads, ends, and reads what the runtime wrote about itself. */
async function record(runtime: RuntimeName): Promise<Recording> {
  const target = `${folder}/${runtime}`;
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const [program = "", ...args] = interpreters[runtime];
  const file = await ready(runtime, `bench/servers/postern_${runtime}.ts`);
  const port = await freePort();
  const tlsFiles = flags.tls ? [certificate.cert, certificate.key] : [];
  const command = [program, ...args, "--cpu-prof", `--cpu-prof-dir=${target}`, file, `${port}`, ...tlsFiles];
  const words = client(port, messages);
  if (typeof words === "string") {
    throw new Error(`Cannot profile: ${words} (.ci/debian.sh and bench/run.ts install it)`);
  }
  const server = Bun.spawn(command, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  let processor = 0;
  try {
    await listening(port, 30_000);
    const before = processorTime(server.pid);
    const sending = Bun.spawn([...words], { stdio: ["ignore", "ignore", "inherit"] });
    if (await sending.exited !== 0) throw new Error(`The client failed against ${runtime}`);
    processor = processorTime(server.pid) - before;
  } finally {
    server.kill("SIGTERM");
    await server.exited;
  }
  const [name = ""] = readdirSync(target).filter((each) => each.endsWith(".cpuprofile"));
  return { profile: JSON.parse(readFileSync(`${target}/${name}`, "utf8")), processor };
}

function report({ profile: { nodes, samples, timeDeltas }, processor }: Recording): string {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const spent = new Map<string, number>();
  let all = 0;
  samples.forEach((id, at) => {
    const name = names.get(id) ?? "";
    // Waiting for the network is no work.
    if (name === "(idle)") return;
    const microseconds = timeDeltas[at] ?? 0;
    spent.set(name, (spent.get(name) ?? 0) + microseconds);
    if (name !== outside) all += microseconds;
  });
  const each = (microseconds: number): string => (microseconds / messages).toFixed(2);
  const native = spent.get(outside);
  spent.delete(outside);
  const sorted = [...spent].sort(([, a], [, b]) => b - a).slice(0, top);
  const rows = sorted.map(([name, microseconds]) => [
    name,
    each(microseconds),
    `${(100 * microseconds / all).toFixed(1)} %`,
  ]);
  return table(["function", "µs/message", "share"], [
    ...rows,
    ["all", each(all), "100.0 %"],
    [outside, native === undefined ? "–" : each(native), "–"],
    ["the process's processor time, as the kernel counts it", each(processor * 1e6), "–"],
  ]);
}

function nameOf({ functionName, url, lineNumber }: Profile["nodes"][number]["callFrame"]): string {
  const file = url.replace(/^file:\/\//, "").replace(root, "").replace(/^.*node_modules\//, "");
  return `${functionName || "(anonymous)"} ${file === "" ? "" : `${file}:${lineNumber + 1}`}`.trim();
}
