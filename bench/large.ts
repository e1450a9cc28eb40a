/**
 * What one client alone can send: a command line of 1 GB, a message of 10 GB where 25 MiB are taken, a million chunks of
 * one octet. What it is told, how long that takes, and what the server's memory does meanwhile, on each runtime.
 *
 * `bun bench/large.ts [bun|deno|node]… [--part N] [--write]`; `--part 10` sends a tenth of each.
 */

import { Buffer } from "node:buffer";
import process from "node:process";
import { parseArgs } from "node:util";
import { Runtime, runtimeNames, type Served } from "../test/runtime.ts";
import { WireClient } from "../test/wire.ts";
import { title } from "./contestants.ts";
import { processorTime, residentSize } from "./figures.ts";
import { loadAverage, machine, noiseWarning } from "./machine.ts";
import { writeResults } from "./results.ts";
import { size, table, whole } from "./table.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { part: { type: "string", default: "1" }, write: { type: "boolean", default: false } },
});
const part = Number(flags.part);
const chosen = runtimeNames.filter((name) => positionals.length === 0 || positionals.includes(name));
const [mebibyte, gigabyte] = [2 ** 20, 1e9];

async function sent(client: WireClient, block: Uint8Array): Promise<void> {
  if (!client.socket.write(block)) await new Promise((resolve) => client.socket.once("drain", resolve));
}

async function begin(port: number): Promise<WireClient> {
  const client = await WireClient.connect({ port });
  await client.reply();
  for (const line of ["EHLO c.test", "MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>"]) await client.command(line);
  return client;
}

/** Sends so many octets of a block, and what comes then; returns the reply. */
async function flood(client: WireClient, octets: number, block: Uint8Array, last: string): Promise<string> {
  for (let left = octets / part; left > 0; left -= block.length) await sent(client, block);
  client.write(last);
  return (await client.reply()).raw;
}

const giants: Readonly<Record<string, (port: number) => Promise<string>>> = {
  "a command line of 1 GB": async (port) =>
    await flood(await begin(port), gigabyte, Buffer.alloc(mebibyte, "x"), "\r\n"),
  "a message of 10 GB": async (port) => {
    const client = await begin(port);
    await client.command("DATA");
    client.write("Subject: large\r\n\r\n");
    return await flood(client, 10 * gigabyte, Buffer.alloc(mebibyte, `${"x".repeat(62)}\r\n`), ".\r\n");
  },
  "a million chunks of an octet": async (port) => {
    const client = await begin(port);
    const block = Buffer.from("BDAT 1\r\nx".repeat(10_000));
    let refused = 0;
    for (let left = 1e6 / part; left > 0; left -= 10_000) {
      await sent(client, block);
      for (let replies = 0; replies < 10_000; replies++) if ((await client.reply()).code !== 250) refused++;
    }
    const { raw } = await client.command("BDAT 2 LAST\r\n");
    return refused === 0 ? raw : `${refused} chunks refused`;
  },
};

const rows: string[][] = [];
const load = loadAverage();
for (const name of chosen) {
  await using runtime = await Runtime.start(name);
  const served: Served = await runtime.serve("counting", {});
  const pid = runtime.process.pid!;
  for (const [what, send] of Object.entries(giants)) {
    const before = residentSize(pid);
    let most = before;
    const watching = setInterval(() => most = Math.max(most, residentSize(pid)), 50);
    const [began, used] = [performance.now(), processorTime(pid)];
    const reply = await send(served.port);
    clearInterval(watching);
    rows.push([
      what,
      title(name),
      reply.replace(/ queued as .*/, ""),
      `${((performance.now() - began) / 1000).toFixed(1)} s`,
      `${(processorTime(pid) - used).toFixed(1)} s`,
      `${size(before)}, at most ${size(most)}`,
    ]);
    console.error(rows.at(-1)?.join(", "));
  }
  await served.close(0);
}
const fraction = part === 1 ? "" : ` A part of each was sent: one in ${whole(part)}.`;
const about = `Machine: ${machine()}. Load average before: ${load.toFixed(2)}.${fraction}`;
const head = ["", "runtime", "reply", "time", "the server's processor", "its memory"];
const sorted = table(head, rows.sort(([a = ""], [b = ""]) => a.localeCompare(b)));
const output = [about, noiseWarning(load), sorted].filter((part) => part).join("\n\n");
console.log(output);
if (flags.write) writeResults("large", output);
process.exit(0);
