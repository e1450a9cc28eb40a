/** Whatever the documentation shows is run. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { pages, snippetsOf } from "./documentation.ts";

const root = join(import.meta.dir, "..");
/** Inside the repository, so that `import "postern"` finds it. */
const folder = join(root, ".scratch", "snippets");

beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An example within the house takes what stands beside it as given: its own file's exports, and its folder's. */
async function importsOf(file: string, code: string): Promise<string> {
  const folderDoor = join(dirname(file), "mod.ts");
  const names = new Map<string, string>();
  for (const source of [folderDoor, file].filter((source) => existsSync(source))) {
    for (const name of Object.keys(await import(source))) names.set(name, source);
  }
  const imported = [...code.matchAll(/^import .*$/gm)].join("\n");
  const isMissing = (name: string) => new RegExp(`\\b${name}\\b`).test(code) && !imported.includes(name);
  return [...names].filter(([name]) => isMissing(name)).map(([name, source]) =>
    `import { ${name} } from ${JSON.stringify(source)};\n`
  ).join("");
}

for (const file of pages()) {
  for (const [index, code] of snippetsOf(file).entries()) {
    // A Deno adapter's example is run on Deno, a Node adapter's with Bun's copy of Node's interfaces.
    const runtime = code.includes('from "postern/deno"') ? "deno" : "bun";
    test(`${file}, snippet ${index + 1}, runs`, async () => {
      const path = join(folder, `${file.replace(/\W/g, "-")}-${index}.ts`);
      writeFileSync(path, file.endsWith(".md") ? code : `${await importsOf(join(root, file), code)}${code}`);
      const loader = `await import(${
        JSON.stringify(path)
      }); (globalThis.process ?? (await import("node:process")).default).exit(0)`;
      const { code: status, output } = await run(runtime, loader);
      expect(output).not.toMatch(/error/i);
      expect(status).toBe(0);
      for (const line of promisedBy(code)) expect(output).toContain(line);
    });
  }
}

/** What the comments behind its `console.log` say that it prints. */
function promisedBy(code: string): string[] {
  return [...code.matchAll(/^console\.log\(.*\); \/\/ (.+)$/gm)].map(([, line = ""]) => line);
}

function run(runtime: "bun" | "deno", script: string): Promise<{ code: number | null; output: string }> {
  const [program, args] = runtime === "bun" ? [process.execPath, ["-e", script]] : ["deno", ["eval", script]];
  const path = `${join(root, "node_modules", ".bin")}:${process.env.PATH}`;
  const child = spawn(program!, args as string[], { cwd: root, env: { ...process.env, PATH: path } });
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stderr.on("data", (chunk) => output += chunk);
  return new Promise((resolve) =>
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    })
  );
}
