/** Measures the core on the runtime that runs this. Arguments: messages, octets. See ../core.ts. */

import process from "node:process";
import { createEngine } from "../../src/engine.ts";
import { Postern } from "../../src/mod.ts";
import type { Socket } from "../../src/socket.ts";
import { configureProductionLog } from "../servers/log.ts";

const [messages = 40_000, octets = 1024] = process.argv.slice(2).map(Number);
const encoder = new TextEncoder();

/** A client that answers each reply with its next line, at once. */
class ScriptedSocket implements Socket {
  readonly local = { address: "127.0.0.1", port: 25 };
  readonly remote = { address: "127.0.0.1", port: 40_000 };
  readonly tls = undefined;
  readonly ended: Promise<void>;
  readonly #lines: readonly Uint8Array[];
  #end: () => void = () => {};
  #left: number;
  #at = 0;

  constructor(messages: number, lines: readonly Uint8Array[]) {
    this.#left = messages;
    this.#lines = lines;
    this.ended = new Promise((resolve) => this.#end = resolve);
  }

  read(): Promise<Uint8Array | null> {
    if (this.#at === this.#lines.length) {
      this.#at = 1;
      this.#left--;
    }
    return Promise.resolve(this.#left === 0 ? null : this.#lines[this.#at++]!);
  }

  write(): undefined {}

  close(): void {
    this.#end();
  }

  destroy(): void {
    this.#end();
  }
}

async function measure(name: string, app: Postern): Promise<void> {
  const engine = createEngine(app, { name: "mx.test", limits: { transactions: 1e9 } });
  const text = `From: a@x.test\r\nSubject: load\r\n\r\n${`${"x".repeat(78)}\r\n`.repeat(Math.ceil(octets / 80))}.\r\n`;
  const hello = "EHLO client.test\r\n";
  const commands = ["MAIL FROM:<load@client.test>\r\n", "RCPT TO:<load@server.test>\r\n", "DATA\r\n", text];
  const lines = [hello, ...commands].map((line) => encoder.encode(line));

  async function send(count: number): Promise<void> {
    const socket = new ScriptedSocket(count, lines);
    engine.accept(socket);
    await socket.ended;
  }

  await send(messages / 4);
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage();
    await send(messages / 4);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / (messages / 4));
  }
  console.error(`${name.padEnd(40)} ${best.toFixed(2)} µs/message`);
  await engine.close();
}

function reading(): Postern {
  const app = new Postern();
  app.deliver("*", async (c) => {
    let size = 0;
    for await (const chunk of c.var.mail) size += chunk.length;
    return size > 0 ? c.body(null, 204) : c.body(null, 500);
  });
  return app;
}

function answering(): Postern {
  const app = new Postern();
  app.deliver("*", (c) => c.body(null, 204));
  return app;
}

await measure("a handler that answers", answering());
await measure("a handler that reads the body", reading());
configureProductionLog();
await measure("the same, with the log", reading());
