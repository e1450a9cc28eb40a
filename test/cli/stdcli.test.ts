/** Where @std/cli is looked for: whether the right parser is taken, and that nobody ever waits for a network. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { type Ended, root, runtimeNames } from "./command.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-stdcli-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Does not parse: what it answers shows that it was asked. */
const marked = 'export function parseArgs() {\n  return { _: [], port: "4242", "print-config": true };\n}\n';

function start(words: string[], env: Record<string, string> = {}, cwd: string = root): Promise<Ended> {
  const [program = "", ...args] = words;
  const child = spawn(program, args, { cwd, env: { ...process.env, NO_COLOR: "1", ...env }, timeout: 25_000 });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => stdout += chunk);
  child.stderr.on("data", (chunk) => stderr += chunk);
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, stdout, stderr })));
}

const bun = join(root, "node_modules/.bin/bun");
const deno = join(root, "node_modules/.bin/deno");

describe("in node_modules", () => {
  beforeAll(() => {
    const installed = {
      "@std/cli/package.json":
        '{ "name": "@std/cli", "type": "module", "exports": { "./parse-args": "./parse_args.js" } }',
      "@std/cli/parse_args.js": marked,
    };
    for (const [name, text] of Object.entries(installed)) {
      mkdirSync(dirname(join(folder, "node_modules", name)), { recursive: true });
      writeFileSync(join(folder, "node_modules", name), text);
    }
    for (const name of ["dist", "package.json"]) {
      cpSync(join(root, name), join(folder, "node_modules/postern", name), { recursive: true });
    }
    for (const name of ["hono", "mailparser", "@logtape", "jiti", "ipaddr.js"]) {
      symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
    }
    writeFileSync(join(folder, "package.json"), "{}");
  });

  const programs = { bun: [bun], deno: [deno, "run", "-A"], node: ["node"] };
  test.each(runtimeNames)("it is taken on %s", async (runtime) => {
    const door = `node_modules/postern/dist/adapters/${runtime}/cli.js`;
    const { stdout, stderr } = await start([...programs[runtime], door, "serve"], {}, folder);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ port: 4242 });
  }, 30_000);

  test.each(runtimeNames)("the package's bin serves with the adapter of %s", async (runtime) => {
    const { stdout } = await start(
      [...programs[runtime], "node_modules/postern/dist/adapters/node/cli.js", "--version"],
      {},
      folder,
    );
    expect(stdout).toMatch(new RegExp(`\\(${runtime} `, "i"));
  }, 30_000);
});

describe("in Deno's cache", () => {
  const checksum = `sha256-${createHash("sha256").update(marked).digest("hex")}`;
  const files: Record<string, string> = {
    "/@std/cli/meta.json": JSON.stringify({
      scope: "std",
      name: "cli",
      versions: { "1.0.9": {}, "1.0.10": {}, "2.0.0": {} },
    }),
    "/@std/cli/1.0.10_meta.json": JSON.stringify({
      manifest: { "/parse_args.ts": { size: marked.length, checksum } },
      exports: { "./parse-args": "./parse_args.ts" },
    }),
    "/@std/cli/1.0.10/parse_args.ts": marked,
  };
  const asked: string[] = [];
  let registry: Server;
  let isAnswering = true;
  const environment = { DENO_DIR: join(folder, "deno"), JSR_URL: "" };
  beforeAll(async () => {
    registry = createServer((request, response) => {
      asked.push(request.url ?? "");
      // Like a network that swallows packets.
      if (!isAnswering) return;
      const text = files[request.url ?? ""];
      const type = request.url?.endsWith(".ts") ? "text/typescript" : "application/json";
      response.writeHead(text === undefined ? 404 : 200, { "content-type": type }).end(text);
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => registry.once("listening", resolve));
    environment.JSR_URL = `http://127.0.0.1:${(registry.address() as { port: number }).port}/`;
  });
  afterAll(() => {
    registry.closeAllConnections();
    registry.close();
  });

  /** The port that is in force, when the command line asks for 7. */
  async function port(): Promise<number> {
    isAnswering = false;
    asked.length = 0;
    const door = join(root, "adapters/deno/cli.ts");
    const words = [deno, "run", "-A", "--no-lock", door, "serve", "--port", "7", "--print-config"];
    const { stdout, stderr } = await start(words, environment);
    expect({ stderr, asked }).toEqual({ stderr: "", asked: [] });
    isAnswering = true;
    return JSON.parse(stdout).port;
  }

  async function cache(source: string): Promise<Ended> {
    const file = join(folder, "cached.ts");
    writeFileSync(file, source);
    return await start([deno, "run", "-A", "--no-lock", "--no-config", file], environment, folder);
  }

  test("it is not there: no question leaves this machine", async () => {
    expect(await port()).toBe(7);
  }, 30_000);

  test("only its list of versions is there: no question leaves this machine", async () => {
    await cache('await import("jsr:@std/cli@^1/no-such-door").catch(() => {});\n');
    expect(asked).toContain("/@std/cli/meta.json");
    expect(await port()).toBe(7);
  }, 30_000);

  test("it is there: it is taken, and no question leaves this machine", async () => {
    expect(await cache('await import("jsr:@std/cli@^1/parse-args");\n')).toMatchObject({ status: 0 });
    expect(asked).toContain("/@std/cli/1.0.10/parse_args.ts");
    expect(await port()).toBe(4242);
  }, 30_000);
});
