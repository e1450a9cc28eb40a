/** What becomes of output that nobody reads. */

import { describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Output } from "../../src/cli/output.ts";
import { WireClient } from "../wire.ts";
import { commandLine, runtimeNames } from "./command.ts";

/** A stream that takes everything, and gives it away when it is read. */
class Stalled {
  readonly #writes: (readonly [text: string, done: () => void])[] = [];

  write(text: string, done: () => void): void {
    this.#writes.push([text, done]);
  }

  on(): void {}

  async read(): Promise<string> {
    let all = "";
    do {
      for (const [text, done] of this.#writes.splice(0)) {
        all += text;
        done();
      }
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#writes.length > 0);
    return all;
  }
}

describe("a reader that stalls", () => {
  test("gets what was kept, a word of what was not, and then whatever comes", async () => {
    const stream = new Stalled();
    const output = new Output(stream, {});
    const line = `${"x".repeat(1023)}\n`;
    for (let count = 0; count < 20 * 1024; count++) output.write(line);
    const read = await stream.read();
    const kept = 16 * 1024;
    expect(read.length).toBeLessThan(17 * 2 ** 20);
    expect(read.slice(kept * line.length)).toBe(
      "lines of output that were dropped, since nobody read them: 4096\n",
    );
    output.write("now\n");
    expect(await stream.read()).toBe("now\n");
  });

  test("is not waited for at the end", async () => {
    const output = new Output(new Stalled(), {});
    output.write("a line\n");
    await output.flush();
  });
});

/** Writes to a pipe for as long as it takes anything. */
function fill(pipe: string): void {
  const fd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  const octet = new Uint8Array(1);
  const page = new Uint8Array(4096);
  for (const piece of [page, octet]) {
    try {
      while (true) writeSync(fd, piece);
    } catch {
      // It is full.
    }
  }
  closeSync(fd);
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

describe.skipIf(process.platform === "win32").each([...runtimeNames])("on %s", (runtime) => {
  test("a pipe that nobody reads stops neither mail nor the end", async () => {
    const folder = mkdtempSync(join(tmpdir(), "postern-output-"));
    const pipe = join(folder, "pipe");
    spawnSync("mkfifo", [pipe]);
    const fd = openSync(pipe, constants.O_RDWR);
    fill(pipe);
    const port = await freePort();
    const [program = "", ...args] = commandLine(runtime);
    const child = spawn(program, [...args, "serve", "--port", String(port), "--grace", "1"], {
      stdio: ["ignore", fd, "inherit"],
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), 40_000);
    const ended = new Promise((resolve) => child.on("exit", (status, signal) => resolve({ status, signal })));
    try {
      const client = await connected(port);
      await client.reply();
      await client.command("EHLO client.test");
      for (let count = 0; count < 3; count++) {
        client.write("MAIL FROM:<a@none.test>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n");
        for (const code of [250, 250, 354]) expect((await client.reply()).code).toBe(code);
        client.write("Subject: x\r\n\r\ny\r\n.\r\n");
        expect((await client.reply()).code).toBe(250);
      }
      child.kill("SIGTERM");
      expect(await ended).toEqual({ status: 0, signal: null });
    } finally {
      clearTimeout(timer);
      child.kill("SIGKILL");
      closeSync(fd);
      rmSync(folder, { recursive: true });
    }
  }, 50_000);
});

/** As soon as somebody listens. */
async function connected(port: number): Promise<WireClient> {
  while (true) {
    try {
      return await WireClient.connect({ port });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
