/** What the command prints on a terminal, which util-linux's script plays, and what it does not print elsewhere. */

import { describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { commandLine, root, runtimeNames } from "./command.ts";
import type { RuntimeName } from "./command.ts";

const hasScript = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;
if (!hasScript) console.log("script is not installed: what a terminal shows is not looked at");

/** What `postern serve` prints until it is up, colours and all. */
function printedOn(runtime: RuntimeName, where: "terminal" | "pipe", env: Record<string, string>): Promise<string> {
  const words = [...commandLine(runtime), "serve", "--port", "0"];
  const [program = "", ...args] = where === "pipe"
    ? words
    : ["script", "--quiet", "--return", "--command", words.map((word) => `'${word}'`).join(" "), "/dev/null"];
  const { NO_COLOR: _, ...inherited } = process.env;
  const child = spawn(program, args, { cwd: root, env: { ...inherited, TERM: "xterm", ...env }, timeout: 25_000 });
  let printed = "";
  child.stdout.on("data", (chunk) => {
    printed += chunk;
    // script passes the signal on as the end of its terminal.
    if (printed.includes("listening on")) child.kill("SIGTERM");
  });
  return new Promise((resolve) => child.on("close", () => resolve(printed)));
}

describe.skipIf(!hasScript).each([...runtimeNames])("on %s", (runtime) => {
  test("colour is for a terminal, and for nobody who says NO_COLOR", async () => {
    const [terminal, dumb, plain, pipe] = await Promise.all([
      printedOn(runtime, "terminal", {}),
      printedOn(runtime, "terminal", { TERM: "dumb" }),
      printedOn(runtime, "terminal", { NO_COLOR: "1" }),
      printedOn(runtime, "pipe", {}),
    ]);
    expect(terminal).toContain("\x1b[1mFOR DEVELOPMENT ONLY");
    for (const text of [dumb, plain, pipe]) {
      expect(text).toContain("FOR DEVELOPMENT ONLY");
      expect(text).not.toContain("\x1b[");
    }
  }, 30_000);
});
