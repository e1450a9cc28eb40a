/** What goes wrong is heard of where nobody has configured a log, on every runtime. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Program } from "../program.ts";
import { runtimeNames } from "../runtime.ts";

const root = join(import.meta.dir, "..", "..");
/** Inside the repository, so that `import "postern"` finds it. */
const folder = join(root, ".scratch", "unheard");
beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const app = `
import process from "node:process";
import { configureSync } from "@logtape/logtape";
import { Postern } from "postern";
import { send } from "postern/testing";

const app = new Postern();
app.deliver("*", () => { throw new Error("no\\nroom\\x1b[31m, %s"); });
const once = () => send(app, { from: "a@x.test", to: "b@x.test", data: "Subject: Hi\\n\\nHello\\n" });
`;

async function outputOf(runtime: (typeof runtimeNames)[number], name: string, rest: string): Promise<string> {
  const file = join(folder, `${runtime}-${name}.mjs`);
  writeFileSync(file, `${app}${rest}\nprocess.exit(0);\n`);
  await using program = Program.ofFile(runtime, file, root);
  const { status, output } = await program.ended;
  expect(status).toBe(0);
  return output;
}

for (const runtime of runtimeNames) {
  describe(`${runtime}, a handler that throws`, () => {
    test("is on the console, on one line, and once it says how to see the rest", async () => {
      const output = await outputOf(
        runtime,
        "plain",
        "for (let i = 0; i < 3; i++) console.log((await once()).data.code);",
      );
      const lines = output.trim().split("\n");
      expect(lines.filter((line) => line === "451")).toHaveLength(3);
      expect(lines.filter((line) => line.includes("LogTape is not configured"))).toHaveLength(1);
      const failures = lines.filter((line) => line.startsWith("postern handler: "));
      expect(failures).toHaveLength(3);
      for (const line of failures) {
        expect(line).toMatch(/ deliver failed, client was told 451 4\.3\.0 .*: no room.*, %s$/);
        expect(line).not.toContain("\x1b");
      }
    });

    test("does not flood it", async () => {
      const output = await outputOf(runtime, "flood", "for (let i = 0; i < 200; i++) await once();");
      const failures = output.split("\n").filter((line) => line.startsWith("postern handler: "));
      expect(failures.length).toBeGreaterThanOrEqual(20);
      expect(failures.length).toBeLessThan(200);
    });

    test("is in the log alone where there is one, and nowhere where it is not wanted", async () => {
      const sink = '{ console: ({ message }) => console.log("LOG " + message.join("")) }';
      const meta = '{ category: ["logtape", "meta"], sinks: [] }';
      const heard =
        `configureSync({ sinks: ${sink}, loggers: [{ category: "postern", sinks: ["console"] }, ${meta}] });`;
      const logged = await outputOf(runtime, "logged", `${heard}\nawait once();`);
      expect(logged).toMatch(/^LOG .* deliver failed/m);
      expect(logged).not.toContain("postern handler: ");
      const unwanted =
        `configureSync({ sinks: ${sink}, loggers: [{ category: "own", sinks: ["console"] }, ${meta}] });`;
      expect(await outputOf(runtime, "unwanted", `${unwanted}\nawait once();`)).toBe("");
    });
  });
}
