/** The package as its users get it, in an empty project on every runtime. Nothing is asked of a network. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Consumer, entryPoints, installInto, pack, typeProblems } from "../../.ci/package.ts";
import { sendMail } from "../cli/client.ts";
import { firstExample } from "../documentation.ts";
import { Program } from "../program.ts";
import { runtimeNames } from "../runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-installed-"));
const project = join(folder, "project");
/** A project in which the libraries are missing that most messages do not need. */
const lean = join(folder, "lean");

beforeAll(() => {
  const packed = pack(folder);
  installInto(project, packed);
  installInto(lean, packed, ["mailparser", "jiti", "dns-packet", "rate-limiter-flexible", "tldts"]);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const mail = { from: "alice@example.org", to: ["support@example.com"] };

/** The smallest app there is. */
const smallest = (runtime: string) => `
import { Postern } from "postern";
import { serve } from "postern/${runtime}";
import process from "node:process";

const app = new Postern();
app.deliver("support@example.com", (c) => c.text("Thanks"));
const server = await serve(app, { port: 0, hostname: "127.0.0.1" });
console.log(\`listening on port \${server.port}, \${Math.round(process.memoryUsage.rss() / 1e6)} MB\`);
`;

describe.each(runtimeNames)("installed on %s", (runtime) => {
  test("every entry point can be imported", async () => {
    const names = JSON.stringify(entryPoints());
    const file = join(project, "everything.mjs");
    writeFileSync(file, `for (const name of ${names}) console.log(name, Object.keys(await import(name)).length);\n`);
    await using program = Program.ofFile(runtime, file, project);
    const { status, output } = await program.ended;
    expect(status, output).toBe(0);
    const exported = output.trim().split("\n").map((line) => line.split(" "));
    expect(exported.map(([name]) => name)).toEqual(entryPoints());
    for (const [name, count] of exported) expect(Number(count), name).toBeGreaterThan(0);
  }, 90_000);

  test("the README's first example runs, and takes mail", async () => {
    const file = join(project, `${runtime}.mjs`);
    writeFileSync(file, firstExample(runtime));
    await using program = Program.ofFile(runtime, file, project);
    const [, port] = await program.printed(/listening on port (\d+)/);
    expect(await sendMail(Number(port), mail)).toContainEqual(expect.stringMatching(/^250 2\.0\.0 /));
  }, 90_000);

  test("mail is taken without mailparser and all that only some apps need", async () => {
    const file = join(lean, `${runtime}.mjs`);
    writeFileSync(file, smallest(runtime));
    const startedAt = performance.now();
    await using program = Program.ofFile(runtime, file, lean);
    const [, port, memory] = await program.printed(/listening on port (\d+), (\d+) MB/);
    console.log(`smallest app on ${runtime}: up after ${Math.round(performance.now() - startedAt)} ms, ${memory} MB`);
    expect(await sendMail(Number(port), mail)).toContainEqual("250 2.0.0 Thanks");
  }, 90_000);
});

test("Deno finds it by its npm: name", async () => {
  const file = join(project, "npm.ts");
  writeFileSync(
    file,
    'import { Postern } from "npm:postern";\nimport "npm:postern/deno";\nconsole.log(Postern.name);\n',
  );
  await using program = Program.ofFile("deno", file, project);
  expect(await program.ended).toEqual({ status: 0, output: "Postern\n" });
}, 90_000);

test("a CommonJS program may require it, on a Node that lets it", () => {
  const [major = 0, minor = 0] = nodeVersion();
  if (major < 20 || (major === 20 && minor < 19)) return console.log("not tried: Node before 20.19 cannot");
  const file = join(project, "everything.cjs");
  writeFileSync(file, `for (const name of ${JSON.stringify(entryPoints())}) require(name);\n`);
  const { status, stderr } = spawnSync("node", [file], { cwd: project, encoding: "utf8" });
  expect(status, stderr).toBe(0);
}, 90_000);

function nodeVersion(): number[] {
  return spawnSync("node", ["--version"], { encoding: "utf8" }).stdout.replace("v", "").split(".").map(Number);
}

const consumers: readonly Consumer[] = [
  { isStrict: true, resolution: "nodenext" },
  { isStrict: true, resolution: "bundler" },
  { isStrict: false, resolution: "nodenext" },
  { isStrict: false, resolution: "bundler" },
];

test.each(consumers)("the declarations are content: %o", (consumer) => {
  expect(typeProblems(project, consumer)).toBe("");
}, 120_000);
