/** What the README promises to whoever starts in an empty folder: its own lines, on each runtime. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Webhook } from "standardwebhooks";
import { installInto, pack } from "../.ci/package.ts";
import { installed } from "./clients/found.ts";
import { freePort, listening, type Scratch, scratch } from "./clients/scratch.ts";
import { says, secret, startFunction } from "./forward/functions.ts";

setDefaultTimeout(60_000);

const root = join(import.meta.dir, "..");
const readme = readFileSync(join(root, "README.md"), "utf8").split("\n## ")
  .find((section) => section.startsWith("From an empty folder\n"))!;
const [app = "", ...scripts] = [...readme.matchAll(/^```(ts|sh)\n([^]*?)^```$/gm)]
  .toSorted((a, b) => Number(b[1] === "ts") - Number(a[1] === "ts")).map((match) => match[2]!);
const [start = "", ...sending] = scripts[1]!.split("\n");

/** The README's three ways to start it, without asking a registry for what is there. */
const starts: Readonly<Record<string, string>> = {
  bun: start.split(/ {2,}#/)[0]!,
  deno: /deno run .*(?=,)/.exec(start)![0].replace("-A", "-A --cached-only"),
  node: /npx .*/.exec(start)![0].replace("npx", "npx --no-install"),
};

const hasCurl = await installed("curl");

let folder: Scratch;
beforeAll(async () => {
  folder = await scratch("quickstart");
  installInto(folder.path, pack(folder.path));
}, 60_000);
afterAll(async () => await folder[Symbol.asyncDispose]());

test.skipIf(!hasCurl).each(Object.entries(starts))(
  "on %s, mail to support calls a function, signed",
  async (name, line) => {
    await using target = await startFunction(says(200, "Ticket 7"));
    expect(app).toContain('forward("https://app.example/inbound", { secret,');
    const local = app.replace("https://app.example/inbound", target.url).replace(
      "{ secret,",
      "{ allowPrivate: true, secret,",
    );
    await folder.write(`${name}.ts`, local);
    const port = await freePort();
    const server = shell(line.replace("app.ts", `${name}.ts`), {
      POSTERN_PORT: `${port}`,
      POSTERN_HOSTNAME: "127.0.0.1",
    });
    const ended = new Promise((resolve) => server.once("close", resolve));
    try {
      await Promise.race([
        listening(port, 40_000),
        ended.then((status) => Promise.reject(new Error(`${line} ended with ${status}`))),
      ]);
      const command = sending.join("\n");
      expect(command).toContain("smtp://127.0.0.1:2525");
      const curl = shell(command.replace("2525", `${port}`));
      expect(await new Promise((resolve) => curl.once("close", resolve))).toBe(0);
    } finally {
      // The whole group: what npx starts is not npx itself.
      if (server.exitCode === null) process.kill(-server.pid!, "SIGTERM");
      await ended;
    }
    const { headers, body } = target.asked[0]!;
    const told = new Webhook(secret).verify(body, headers as Record<string, string>);
    expect(told).toMatchObject({
      type: "mail.deliver",
      data: { message: { subject: "Help", text: "It is on fire.\n" } },
    });
  },
);

function shell(command: string, env: Record<string, string> = {}): ChildProcess {
  const path = `${join(root, "node_modules/.bin")}:${process.env.PATH}`;
  const options = { cwd: folder.path, env: { ...process.env, ...env, PATH: path }, detached: true } as const;
  return spawn("/bin/sh", ["-c", command], { ...options, stdio: "ignore", timeout: 60_000, killSignal: "SIGKILL" });
}
