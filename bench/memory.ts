/**
 * Twenty clients send 20 MB each at the same time: what a server's memory does meanwhile, on each runtime.
 *
 * `bun bench/memory.ts`
 */

import { Buffer } from "node:buffer";
import { Runtime, runtimeNames } from "../test/runtime.ts";
import { WireClient } from "../test/wire.ts";

const clients = 20;
const octets = 20 * 1024 * 1024;
const block: Buffer = Buffer.alloc(1024 * 1024 / 16 * 16, `${"x".repeat(78)}\r\n`);

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`;
}

async function sendOne(port: number): Promise<number> {
  const client = await WireClient.connect({ port });
  await client.reply();
  for (const line of ["EHLO c.test", "MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "DATA"]) await client.command(line);
  client.write("Subject: large\r\n\r\n");
  for (let sent = 0; sent < octets; sent += block.length) {
    if (!client.socket.write(block)) await new Promise((resolve) => client.socket.once("drain", resolve));
  }
  client.write("\r\n.\r\n");
  const { code } = await client.reply();
  client.destroy();
  return code;
}

for (const name of runtimeNames) {
  await using runtime = await Runtime.start(name);
  const served = await runtime.serve("counting", { bareNewline: "normalize" });
  await sendOne(served.port);
  const before = await runtime.memory();
  let peak = before;
  const rounds: string[] = [];
  for (let round = 0; round < 3; round++) {
    const watching = setInterval(async () => peak = Math.max(peak, await runtime.memory()), 50);
    const codes = await Promise.all(Array.from({ length: clients }, () => sendOne(served.port)));
    clearInterval(watching);
    if (codes.some((code) => code !== 250)) throw new Error(`${name}: ${codes}`);
    rounds.push(megabytes(await runtime.memory()));
  }
  console.log(
    `${name}: ${megabytes(before)} before, ${megabytes(peak)} at most, ${rounds.join(", ")} after each round`,
  );
}
