/** What the README says first, on machines that have one runtime or all. What an install brings is there already. */

import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { sendMail } from "./cli/client.ts";
import { root } from "./cli/command.ts";
import { Program } from "./program.ts";
import { installed, type RuntimeName, runtimeNames } from "./runtime.ts";

const machines = mkdtempSync(join(tmpdir(), "postern-clone-"));
afterAll(() => rmSync(machines, { recursive: true }));

/** `bun start`, as the README has it behind the installation. */
function startLine(runtime: RuntimeName): string {
  const installer = runtime === "node" ? "npm" : runtime;
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const line = new RegExp(`^${installer} install && (.+?) +#`, "m").exec(readme)?.[1];
  if (line === undefined) throw new Error(`The README does not say how to begin with ${installer}`);
  return line;
}

/** Where a program is, on whichever machine this is. */
function found(program: string): string {
  if (program !== "node" && existsSync(installed(program))) return installed(program);
  return spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).stdout.trim();
}

/** A folder with runtimes and a shell, and nothing else. */
function machineWith(...runtimes: readonly RuntimeName[]): string {
  const path = mkdtempSync(join(machines, "bin-"));
  for (const program of [...runtimes, "sh", ...(runtimes.includes("node") ? ["npm"] : [])]) {
    symlinkSync(found(program), join(path, program));
  }
  return path;
}

describe.each([...runtimeNames])("%s", (runtime) => {
  test.each([
    ["alone", [runtime]],
    ["beside the others", [...runtimeNames]],
  ])("%s, shows mail in the inbox, on the runtime that was asked", async (_, runtimes) => {
    const { HOME = "/" } = process.env;
    const env = { PATH: machineWith(...runtimes), HOME, POSTERN_PORT: "0" };
    await using program = new Program(["sh", "-c", startLine(runtime)], { cwd: root, env });
    const [, port, startedOn] = await program.printed(/listening on 127\.0\.0\.1:(\d+) .*\(Postern \S+ on (\w+) /);
    expect(startedOn?.toLowerCase()).toBe(runtime);
    const replies = await sendMail(Number(port), { from: "alice@example.org", to: ["bob@example.com"] });
    expect(replies).toContainEqual(expect.stringMatching(/^250 2\.0\.0 /));
    await program.printed(/the secret of the day/);
    program.signal("SIGINT");
    await program.printed(/^stopped$/m);
    await program.ended;
  }, 90_000);
});
