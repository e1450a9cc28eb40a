import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { installed } from "./runtime.ts";

/** A runtime other than the one that runs the tests. */
export type Elsewhere = "deno" | "node";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Node 20 reads no TypeScript; jiti, which the command line uses for the same purpose, lets it. */
const COMMANDS: Readonly<Record<Elsewhere, readonly string[]>> = {
  deno: [installed("deno"), "run", "-A"],
  node: ["node", "--import", "jiti/register"],
};

/** Runs a file of cases on another runtime. What it printed comes back, and the last line holds the sum. */
export function runElsewhere(runtime: Elsewhere, file: string): Promise<{ code: number | null; output: string }> {
  const [program = "", ...args] = COMMANDS[runtime];
  return new Promise((settle, reject) => {
    const child = spawn(program, [...args, file], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), 120_000);
    let output = "";
    child.stdout.on("data", (chunk) => output += chunk);
    child.stderr.on("data", (chunk) => output += chunk);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      settle({ code, output });
    });
  });
}
