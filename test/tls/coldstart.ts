/**
 * A fresh process each time, and its very first handshakes: the server's with itself, then a client's STARTTLS with a
 * message. `bun test/tls/coldstart.ts deno 100` prints how many went well, and how long they took.
 */

import process from "node:process";
import { Runtime, type RuntimeName } from "../runtime.ts";
import { Certificates } from "./certificates.ts";
import { startTls } from "./client.ts";

const name = (process.argv[2] ?? "deno") as RuntimeName;
const rounds = Math.min(Number(process.argv[3] ?? 100), 1000);
/** A round that takes longer hangs. */
const patience = 15_000;

async function round(made: Certificates): Promise<{ start: number; handshake: number }> {
  const runtime = await Runtime.start(name);
  const timer = setTimeout(() => runtime.process.kill("SIGKILL"), patience);
  try {
    const began = performance.now();
    const served = await runtime.serve("sessions", { tls: made.of("default"), requireTls: true });
    const start = performance.now() - began;
    const client = await startTls(served.port);
    const handshake = performance.now() - began - start;
    for (const line of ["EHLO a", "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>", "DATA"]) await client.command(line);
    const { code } = await client.command("Subject: x\r\n\r\nx\r\n.");
    if (code !== 250) throw new Error(`The message was answered ${code}`);
    client.destroy();
    await served.close(0);
    return { start, handshake };
  } finally {
    clearTimeout(timer);
    await runtime[Symbol.asyncDispose]();
  }
}

const made = new Certificates();
try {
  made.server("default", "mx.test");
  const taken: { start: number; handshake: number }[] = [];
  for (let count = 1; count <= rounds; count++) {
    try {
      taken.push(await round(made));
    } catch (error) {
      console.log(`round ${count}: ${error instanceof Error ? error.message : error}`);
    }
  }
  const line = (["start", "handshake"] as const).map((what) => {
    const sorted = taken.map((each) => each[what]).sort((a, b) => a - b);
    return `${what} ${Math.round(sorted[sorted.length >> 1] ?? 0)} ms, at most ${Math.round(sorted.at(-1) ?? 0)} ms`;
  });
  console.log(`${name}: ${taken.length} of ${rounds} went well; ${line.join("; ")}`);
  process.exitCode = taken.length === rounds ? 0 : 1;
} finally {
  made.remove();
}
