/**
 * Where the time goes: a profile of the processor's time under load, on each runtime, by self time.
 *
 * `bun bench/profile.ts [bun|deno|node]… [--octets N] [--messages N] [--top N] [--write]`
 *
 * The profiles stay in .scratch/profile, for a browser's developer tools to show.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { type RuntimeName, runtimeNames } from "../test/runtime.ts";
import { freePort, listening } from "../test/clients/scratch.ts";
import { find } from "../test/clients/found.ts";
import { title } from "./contestants.ts";
import { machine } from "./machine.ts";
import { writeResults } from "./results.ts";
import { connections } from "./scenarios.ts";
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

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    octets: { type: "string" },
    messages: { type: "string" },
    top: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const octets = Number(flags.octets ?? 1024);
const messages = Number(flags.messages ?? 30_000);
const top = Number(flags.top ?? 30);
const chosen = runtimeNames.filter((name) => positionals.length === 0 || positionals.includes(name));

const folder = `${scratch}profile`;
const source = await find("smtp-source");
if (source === undefined) throw new Error("Cannot profile: smtp-source is not installed (.ci/debian.sh installs it)");

await build();
const parts: string[] = [];
for (const runtime of chosen) {
  const profile = await record(runtime);
  const part = `### ${title(runtime)}, ${whole(messages)} messages of ${whole(octets)} octets\n\n${report(profile)}`;
  console.log(`\n${part}`);
  parts.push(part);
}
if (flags.write) writeResults("profile", `Machine: ${machine()}.\n\n${parts.join("\n\n")}`);

/** Serves, loads, ends, and reads what the runtime wrote about itself. */
async function record(runtime: RuntimeName): Promise<Profile> {
  const target = `${folder}/${runtime}`;
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const [program = "", ...args] = interpreters[runtime];
  const file = await ready(runtime, `bench/servers/postern_${runtime}.ts`);
  const port = await freePort();
  const command = [program, ...args, "--cpu-prof", `--cpu-prof-dir=${target}`, file, `${port}`];
  const server = Bun.spawn(command, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  try {
    await listening(port, 30_000);
    const amount = ["-s", `${connections}`, "-d", "-m", `${messages}`, "-l", `${octets}`];
    const load = Bun.spawn([source!, ...amount, `127.0.0.1:${port}`], { stdio: ["ignore", "ignore", "inherit"] });
    if (await load.exited !== 0) throw new Error(`smtp-source failed against ${runtime}`);
  } finally {
    server.kill("SIGTERM");
    await server.exited;
  }
  const [name = ""] = readdirSync(target).filter((each) => each.endsWith(".cpuprofile"));
  return JSON.parse(readFileSync(`${target}/${name}`, "utf8"));
}

function report({ nodes, samples, timeDeltas }: Profile): string {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const spent = new Map<string, number>();
  let all = 0;
  samples.forEach((id, at) => {
    const name = names.get(id) ?? "";
    // Waiting for the network is no work.
    if (name === "(idle)" || name === "(program)") return;
    const microseconds = timeDeltas[at] ?? 0;
    spent.set(name, (spent.get(name) ?? 0) + microseconds);
    all += microseconds;
  });
  const sorted = [...spent].sort(([, a], [, b]) => b - a).slice(0, top);
  const rows = sorted.map(([name, microseconds]) => [
    name,
    (microseconds / messages).toFixed(2),
    `${(100 * microseconds / all).toFixed(1)} %`,
  ]);
  return table(["function", "µs/message", "share"], [...rows, ["all", (all / messages).toFixed(2), "100.0 %"]]);
}

function nameOf({ functionName, url, lineNumber }: Profile["nodes"][number]["callFrame"]): string {
  const file = url.replace(/^file:\/\//, "").replace(root, "").replace(/^.*node_modules\//, "");
  return `${functionName || "(anonymous)"} ${file === "" ? "" : `${file}:${lineNumber + 1}`}`.trim();
}
