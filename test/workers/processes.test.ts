/** How a process knows that it is a worker. */

import { expect, test } from "bun:test";
import { fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workerEnvironment } from "../../src/workers/processes.ts";

const module = join(import.meta.dir, "../../src/workers/processes.ts");

test("each copy of the package in a program knows, and what the program starts is no worker", async () => {
  const folder = mkdtempSync(join(tmpdir(), "postern-processes-"));
  try {
    const program = join(folder, "program.ts");
    writeFileSync(
      program,
      `const copies = [await import("${module}"), await import("${module}?second")];
      const marks = copies.map(({ isWorker }) => isWorker());
      process.send([...marks, copies[0] !== copies[1], "${
        Object.keys(workerEnvironment)
      }" in process.env], () => process.exit());`,
    );
    const child = fork(program, { env: { ...process.env, ...workerEnvironment }, stdio: "ignore", timeout: 20_000 });
    const said = await new Promise((resolve) => {
      child.on("message", resolve);
      child.on("exit", () => resolve("nothing"));
    });
    expect(said).toEqual([true, true, true, false]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
