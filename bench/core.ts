/**
 * The core without a network: what Postern itself costs for each message, in microseconds of processor time, on each
 * runtime. The best of several rounds, so that it says something on a busy machine, too.
 *
 * `bun bench/core.ts [bun|deno|node]… [--messages N] [--octets N]`
 */

import { parseArgs } from "node:util";
import { runtimeNames } from "../test/runtime.ts";
import { interpreters, ready, root } from "./programs.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { messages: { type: "string", default: "40000" }, octets: { type: "string", default: "1024" } },
});

for (const runtime of runtimeNames) {
  if (positionals.length > 0 && !positionals.includes(runtime)) continue;
  const file = await ready(runtime, "bench/core/measure.ts");
  console.log(runtime);
  // Its standard output is the log that is measured, and goes nowhere.
  const command = [...interpreters[runtime], file, flags.messages, flags.octets];
  await Bun.spawn(command, { cwd: root, stdio: ["ignore", "ignore", "inherit"] }).exited;
}
