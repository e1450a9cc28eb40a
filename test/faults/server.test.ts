/** What befalls a server: no descriptors, no disk, no folder, and signals in every state. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { processorTime } from "../../bench/figures.ts";
import { Command } from "../cli/command.ts";
import { skipped } from "../clients/found.ts";
import { envelope, expectCodes } from "../conformance/conformance.ts";
import { until } from "../conformance/limits.ts";
import { startFunction } from "../forward/functions.ts";
import { Runtime, runtimeNames } from "../runtime.ts";
import { Certificates, missing } from "../tls/certificates.ts";
import { WireClient } from "../wire.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-faults-"));
afterAll(() => {
  if (disk !== undefined) spawnSync("umount", [disk]);
  rmSync(folder, { recursive: true, force: true });
});

const app = "test/faults/app.ts";
const serveIt = ["serve", app, "--port", "0", "--hostname", "127.0.0.1", "--name", "mx.test", "--log-format", "json"];

/** A message of so many octets and a few more, with its end. */
function message(octets: number, id = "none"): string {
  return `X-Id: ${id}\r\nSubject: hello\r\n\r\n${`${"x".repeat(78)}\r\n`.repeat(Math.ceil(octets / 80))}.\r\n`;
}

async function send(client: WireClient, octets: number, recipient = "b@y.test"): Promise<string> {
  await client.command("MAIL FROM:<a@x.test>");
  await client.command(`RCPT TO:<${recipient}>`);
  await client.command("DATA");
  client.write(message(octets));
  return (await client.reply()).raw;
}

async function greeted(port: number): Promise<WireClient> {
  const client = await WireClient.connect({ port });
  await expectCodes(client, [220]);
  await client.command("EHLO c.test");
  return client;
}

/** Whether a new client hears a greeting. */
async function isServed(port: number): Promise<boolean> {
  const client = await WireClient.connect({ port }).catch(() => undefined);
  const code = await client?.reply().then((reply) => reply.code, () => 0);
  client?.destroy();
  return code === 220;
}

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

describe("file descriptors", () => {
  const limited = ["/bin/sh", "-c", 'ulimit -n 100 && exec "$0" "$@"'];

  test.concurrent.each(runtimeNames)(
    "a hundred, and two hundred clients on %s: it serves whom it can",
    async (runtime) => {
      const words = [...serveIt, "--max-connections-per-address", "1000", "--memory-per-message", "1KiB"];
      const command = new Command(runtime, words, {}, undefined, limited);
      const port = Number((await command.printed(/"port":(\d+)/))[1]);
      const connecting = Array.from({ length: 200 }, () => WireClient.connect({ port }).catch(() => undefined));
      const clients = await Promise.all(connecting);
      const codes = await Promise.all(clients.map((client) => client?.reply().then(({ code }) => code, () => 0) ?? 0));
      const served = clients.filter((_, index) => codes[index] === 220);
      expect(served.length).toBeGreaterThan(30);
      // The others hear why, or are dropped when there are too many to be told.
      expect(codes.filter((code) => ![220, 421, 0].includes(code))).toEqual([]);
      const used = processorTime(command.child.pid!);
      await pause(1000);
      expect(processorTime(command.child.pid!) - used).toBeLessThan(0.5);
      // A message that needs a file has one.
      const first = served[0]!;
      await first.command("EHLO c.test");
      expect(await send(first, 100_000)).toStartWith("250");
      for (const client of clients) client?.destroy();
      await until(async () => await isServed(port));
      const { status, stdout } = await command.stop();
      expect(status).toBe(0);
      expect(stdout).toMatch(/"level":"WARN".*the limit on open files is 100/);
    },
    60_000,
  );

  test.concurrent.each(runtimeNames)(
    "none left, because the app on %s has them all: 452, until it lets go",
    async (runtime) => {
      await using target = await startFunction();
      const words = [...serveIt, "--memory-per-message", "1KiB"];
      const command = new Command(runtime, words, { FUNCTION: target.url }, undefined, limited);
      const port = Number((await command.printed(/"port":(\d+)/))[1]);
      const client = await greeted(port);
      const { text } = await client.command("XEAT");
      expect(parseInt(text)).toBeGreaterThan(20);
      expect(await send(client, 100_000)).toStartWith("452 4.3.1");
      expect(await send(client, 100)).toStartWith("250");
      expect(await send(client, 100, "forwarded@y.test")).toStartWith("451");
      await client.command("XFREE");
      expect(await send(client, 100, "forwarded@y.test")).toStartWith("250");
      expect(await send(client, 100_000)).toStartWith("250");
      const other = await greeted(port);
      for (const each of [client, other]) each.destroy();
      const { status, stdout } = await command.stop();
      expect(status).toBe(0);
      expect(stdout).toMatch(/"level":"ERROR".*a message could not be kept.*(EMFILE|Too many open files)/);
    },
    60_000,
  );
});

/** Whether a file system of a megabyte can be mounted here, and where. */
function smallDisk(): string | undefined {
  if (process.getuid?.() !== 0) return skipped("a full disk needs root, to mount a small one") || undefined;
  const path = join(folder, "disk");
  mkdirSync(path);
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", path], { encoding: "utf8" });
  return status === 0 ? path : skipped(`a small disk cannot be mounted: ${stderr?.trim()}`) || undefined;
}

const disk = smallDisk();

describe.skipIf(disk === undefined)("disk", () => {
  // One after the other: they fill the same disk.
  test.each(runtimeNames)("full, on %s: 452 4.3.1, and what fits is taken", async (name) => {
    await using runtime = await Runtime.start(name);
    const served = await runtime.serve("conformance", { spool: { directory: disk!, memoryPerMessage: 1000 } });
    const client = await envelope(served.port);
    await client.command("RSET");
    for (const [octets, reply] of [[3_000_000, "452 4.3.1"], [100, "250"], [500_000, "250"]] as const) {
      expect(await send(client, octets)).toStartWith(reply);
    }
    // Two that each fit, and not both together.
    const other = await envelope(served.port);
    await other.command("DATA");
    other.write(message(600_000).slice(0, -3));
    await until(() => {
      const { blocks, bfree, bsize } = statfsSync(disk!);
      return Promise.resolve((blocks - bfree) * bsize > 500_000);
    });
    expect(await send(client, 600_000)).toStartWith("452 4.3.1");
    other.write(".\r\n");
    await expectCodes(other, [250]);
    expect(await send(client, 600_000)).toStartWith("250");
    const log = await runtime.log();
    expect(log[0]).toMatch(/^error: a message could not be kept.*(ENOSPC|No space left)/);
    // However many there are, the log is not flooded.
    expect(log.length).toBe(1);
    for (const each of [client, other]) each.destroy();
    await served.close();
  }, 60_000);
});

test.each(runtimeNames)("a folder for messages that will not do is an error at the start on %s", async (name) => {
  const file = join(folder, `file-${name}`);
  writeFileSync(file, "");
  await using runtime = await Runtime.start(name);
  for (
    const [directory, why] of [["/nonexistent", "there is no such directory"], [file, "it is no directory"]] as const
  ) {
    const serving = runtime.serve("conformance", { spool: { directory } });
    await expect(serving).rejects.toThrow(`Cannot keep messages in ${directory}: ${why}`);
  }
}, 60_000);

test.concurrent.each(runtimeNames)("the folder for messages is gone, and comes back, on %s", async (name) => {
  const directory = join(folder, `gone-${name}`);
  mkdirSync(directory);
  await using runtime = await Runtime.start(name);
  const served = await runtime.serve("conformance", { spool: { directory, memoryPerMessage: 1000 } });
  const client = await envelope(served.port);
  await client.command("RSET");
  expect(await send(client, 100_000)).toStartWith("250");
  // In the middle of a message it does not matter: the file is open.
  const other = await envelope(served.port);
  const chunk = message(100_000).slice(0, -3);
  expect((await other.command(`BDAT ${chunk.length}\r\n${chunk.slice(0, -2)}`)).code).toBe(250);
  rmdirSync(directory);
  expect((await other.command("BDAT 4 LAST\r\nmore")).code).toBe(250);
  expect(await send(client, 100_000)).toStartWith("452 4.3.1");
  expect(await send(client, 100)).toStartWith("250");
  mkdirSync(directory);
  expect(await send(client, 100_000)).toStartWith("250");
  expect((await runtime.log()).join()).toMatch(/error: a message could not be kept.*(ENOENT|No such file)/);
  for (const each of [client, other]) each.destroy();
  await served.close();
}, 60_000);

describe.skipIf(missing !== undefined)("SIGTERM", () => {
  let certificates: Certificates;
  beforeAll(() => {
    certificates = new Certificates();
    certificates.server("default", "localhost");
  });
  afterAll(() => certificates.remove());

  test.concurrent.each(runtimeNames)(
    "in every state on %s: the idle hear 421, a message is finished, status 0",
    async (runtime) => {
      const taken = join(folder, `taken-${runtime}`);
      const { cert, key } = certificates.of("default");
      const words = [...serveIt, "--tls-cert", cert, "--tls-key", key, "--allow-insecure-auth", "--grace", "20"];
      const command = new Command(runtime, words, { TAKEN: taken });
      const port = Number((await command.printed(/"port":(\d+)/))[1]);
      const open = async (...lines: readonly string[]): Promise<WireClient> => {
        const client = await greeted(port);
        for (const line of lines) await client.command(line);
        return client;
      };
      const unspoken = await WireClient.connect({ port });
      await expectCodes(unspoken, [220]);
      const halfCommand = await open();
      halfCommand.write("MAIL FR");
      const idle: Readonly<Record<string, WireClient>> = {
        "before EHLO": unspoken,
        "after EHLO": await open(),
        "within a command": halfCommand,
        "after MAIL": await open("MAIL FROM:<a@x.test>"),
        "after RCPT": await open("MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>"),
        "between chunks": await open("MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "BDAT 3\r\nx\r"),
        "in AUTH": await open("AUTH LOGIN"),
        "after AUTH": await open(`AUTH PLAIN ${btoa("\0alice\0wonderland")}`),
      };
      const shaking = await open("STARTTLS");
      const data = await open("MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "DATA");
      data.write(message(100, "data").slice(0, -50));
      const chunk = await open("MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>");
      const text = message(100, "chunk").slice(0, -3);
      chunk.write(`BDAT ${text.length} LAST\r\n${text.slice(0, 20)}`);
      const handled = await open("MAIL FROM:<a@x.test>", "RCPT TO:<held@y.test>", "DATA");
      handled.write(message(100, "handled"));
      await pause(200);
      command.child.kill("SIGTERM");
      for (const [state, client] of Object.entries(idle)) {
        expect([state, (await client.closed()).map(({ raw }) => raw.slice(0, 9))]).toEqual([state, ["421 4.3.2"]]);
      }
      expect(await shaking.closed()).toEqual([]);
      expect(readFileSync(taken, { encoding: "utf8", flag: "a+" })).toBe("");
      writeFileSync(`${taken}.now`, "");
      data.write(message(100, "data").slice(-50));
      chunk.write(text.slice(20));
      for (const client of [data, chunk, handled]) {
        expect((await client.closed()).map(({ code }) => code)).toEqual([250, 421]);
      }
      const { status } = await command.ended;
      expect(status).toBe(0);
      expect(readFileSync(taken, "utf8").trim().split("\n").sort()).toEqual(["chunk", "data", "handled"]);
    },
    60_000,
  );

  test.concurrent.each(runtimeNames)(
    "what is not finished within the grace is not answered, on %s",
    async (runtime) => {
      const command = new Command(runtime, [...serveIt, "--grace", "1"]);
      const port = Number((await command.printed(/"port":(\d+)/))[1]);
      const hanging = await envelope(port, ["hang@y.test"]);
      await hanging.command("DATA");
      hanging.write(message(100));
      const stalled = await envelope(port);
      await stalled.command("DATA");
      stalled.write("half of it");
      await pause(100);
      const { status } = await command.stop();
      expect(status).toBe(0);
      for (const client of [hanging, stalled]) {
        expect((await client.closed()).filter(({ code }) => code < 400)).toEqual([]);
      }
    },
    60_000,
  );
});
