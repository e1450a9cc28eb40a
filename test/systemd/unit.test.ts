/** examples/systemd/postern.service, as far as it can be tried where systemd does not run. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chownSync, existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { pack } from "../../.ci/package.ts";
import { serveFlags, twinOf } from "../../src/cli/flags.ts";
import { octets } from "../../src/cli/kind.ts";
import { type Certificates, makeCertificates } from "../clients/certificates.ts";
import { find, installed, privileged } from "../clients/found.ts";
import { run } from "../clients/run.ts";
import { type Scratch, scratch } from "../clients/scratch.ts";
import { available, Container } from "../container.ts";
import { secret } from "../forward/functions.ts";
import { Registry } from "../registry.ts";
import { installed as binary, type RuntimeName, runtimeNames } from "../runtime.ts";

setDefaultTimeout(90_000);

const path = fileURLToPath(new URL("../../examples/systemd/postern.service", import.meta.url));
const text = readFileSync(path, "utf8");
const examples = fileURLToPath(new URL("../../examples/fly/", import.meta.url));

/** All values of a setting, and those that stand commented out beside it, by the word before them. */
const settings = (name: string) => [...text.matchAll(new RegExp(`^${name}=(.*)$`, "gm"))].map((match) => match[1]!);
const alternatives = Object.fromEntries(
  [...text.matchAll(/^# (\w+): +ExecStart=(.*)$/gm)].map(([, name, line]) => [name!.toLowerCase(), line!]),
);
const environment = Object.fromEntries(settings("Environment").map((pair) => pair.split(/=(.*)/s) as [string, string]));

let folder: Scratch;
let files: Certificates;
beforeAll(async () => {
  folder = await scratch("systemd", { shared: true });
  files = await makeCertificates(folder.path);
});
afterAll(async () => await folder[Symbol.asyncDispose]());

/** Some containers have none. */
const hasIpv6 = existsSync("/proc/net/if_inet6");
const hasAnalyze = await installed("systemd-analyze");

test.skipIf(!hasAnalyze)("systemd has nothing to say against it", async () => {
  // It looks for the programs: those are elsewhere on this machine.
  const node = await find("node") ?? "/bin/true";
  await folder.write("postern.service", text.replace("/usr/bin/node", node));
  const { code, output } = await run(await find("systemd-analyze") ?? "", ["verify", folder.file("postern.service")]);
  expect({ code, output }).toEqual({ code: 0, output: "" });
  const exposure = ["security", "--offline=true", "--threshold=25", folder.file("postern.service")];
  expect((await run(await find("systemd-analyze") ?? "", exposure)).code).toBe(0);
});

test("its variables are known to the command, and the drain ends before systemd kills", () => {
  const twins = new Set(serveFlags.flatMap(({ flags }) => flags.map(twinOf)));
  expect(Object.keys(environment).filter((name) => name.startsWith("POSTERN_") && !twins.has(name))).toEqual([]);
  expect(Number(settings("TimeoutStopSec")[0])).toBeGreaterThanOrEqual(Number(environment["POSTERN_GRACE"]) + 5);
});

test("all the mail that may lie in memory and in a tmpfs fits below the limit, beside the process", () => {
  const budgets = ["POSTERN_MEMORY_BUDGET", "POSTERN_DISK_BUDGET"].map((name) => octets.read(environment[name]!)!);
  const process = 160 * 1024 ** 2;
  // systemd's G is a GiB.
  const most = octets.read(settings("MemoryMax")[0]!.replace(/G$/, "GiB"))!;
  expect(budgets.reduce((sum, budget) => sum + budget, process)).toBeLessThan(most);
});

test.skipIf(!privileged("handing over a key"))(
  "the key is handed to the service's own user, and to nobody else",
  async () => {
    const [start, [reload]] = [settings("ExecStartPre")[0], settings("ExecReload")];
    expect(reload).toBe(start!);
    const runtime = await scratch("run");
    chownSync(runtime.path, 1000, 1000);
    const source = await scratch("live");
    for (const name of ["fullchain.pem", "privkey.pem"]) await source.write(name, `a ${name}`, 0o600);
    // As systemd reads it: doubled signs stand for one, and a variable for its value.
    const command = start!.replace(/^\+\/bin\/sh -c '(.*)'$/, "$1").replaceAll("$$", "$").replaceAll("%%", "%")
      .replaceAll("${TLS_FOLDER}", source.path).replaceAll("/run/postern", runtime.path);
    expect(await run("/bin/sh", ["-c", command])).toMatchObject({ code: 0, output: "" });
    const { uid, mode } = statSync(runtime.file("privkey.pem"));
    expect({ uid, mode: mode & 0o777, text: readFileSync(runtime.file("privkey.pem"), "utf8") }).toEqual({
      uid: 1000,
      mode: 0o400,
      text: "a privkey.pem",
    });
    for (const each of [runtime, source]) await each[Symbol.asyncDispose]();
  },
);

/** What the page has root do before the service starts, with the installer of a runtime. */
function installation(runtime: RuntimeName, folder: string): string {
  const page = readFileSync(fileURLToPath(new URL("../../docs/deploy.md", import.meta.url)), "utf8");
  const [, commands = ""] = /\*\*The app\*\*:\s+```sh\n([^]*?)```/.exec(page) ?? [];
  const lines = commands.trim().split("\n").map((line) => line.trim());
  expect(lines).toHaveLength(4);
  const [, install = ""] = new RegExp(`(${runtime === "node" ? "npm" : runtime} (?:add|install) [^,#]+)`).exec(
    lines[2]!,
  )!;
  expect(lines[3]).toStartWith("cp …/app.ts .");
  return [lines[0]!.replace(" /etc/postern", ""), lines[1], install, `cp ${examples}app.ts .`].join("\n")
    .replaceAll("/opt/mail", folder);
}

describe.skipIf(!await available())("its command", () => {
  let registry: Registry;
  beforeAll(async () => void (registry = await Registry.start(pack(folder.path))), 60_000);
  afterAll(async () => await registry[Symbol.asyncDispose]());

  /** Does as the page says, as root, whose caches the service's user does not have. */
  async function install(runtime: RuntimeName, app: string): Promise<void> {
    await using home = await scratch("root");
    const env = {
      PATH: `${dirname(binary("bun"))}:${process.env["PATH"]}`,
      HOME: home.path,
      npm_config_registry: registry.url,
      NPM_CONFIG_REGISTRY: registry.url,
    };
    const { code, output } = await run("sh", ["-ec", installation(runtime, app)], { env, timeoutMs: 60_000 });
    expect(code, output).toBe(0);
  }

  test.each(runtimeNames)(
    "on %s, installed as the page says, binds 25, 465 and 587, reloads, and ends",
    async (name) => {
      const line = name === "node" ? settings("ExecStart")[0]! : alternatives[name]!;
      const [program = "", ...args] = line.split(" ");
      const env = {
        ...environment,
        ...hasIpv6 ? {} : { POSTERN_HOSTNAME: "0.0.0.0" },
        // A user that is made for the service has no folder of its own.
        HOME: "/",
        POSTERN_TLS_CERT: files.server.cert,
        POSTERN_TLS_KEY: files.server.key,
        MAIL_DOMAIN: "example.com",
        FUNCTION_URL: "https://app.example/inbound",
        FUNCTION_SECRET: secret,
      };
      const command = [program.replace(/^.*\//, ""), ...args];
      await using container = await Container.start({
        install: (app) => install(name, app),
        command,
        env,
        bindsPorts: true,
      });
      await container.printed(
        hasIpv6
          ? /listening on \[::\]:25, \[::\]:465, \[::\]:587 for app\.ts/
          : /listening on 0\.0\.0\.0:25, 0\.0\.0\.0:465, 0\.0\.0\.0:587 for app\.ts/,
      );
      container.process.kill("SIGHUP");
      await container.printed(/SIGHUP: new connections get the certificate in \S+ as it is now/);
      container.process.kill("SIGTERM");
      expect(await container.ended).toBe(0);
    },
  );
});
