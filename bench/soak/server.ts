/**
 * The server's half of a soak: serves until its input ends, and tells each tenth of a second how it is. A line of input
 * asks for what it keeps in memory.
 */

import process from "node:process";
import { configureSync } from "@logtape/logtape";
import type { MailHandler, ServeOptions, Server } from "postern";
import { soakApp } from "./apps.ts";

/** What the server tells, a JSON line each. */
export interface Tidings {
  /** Once, when it listens. */
  readonly port?: number;
  /** Copies delivered since it told last. */
  readonly delivered: readonly string[];
  readonly sessions: number;
  /** The longest that the event loop was late, in milliseconds, since it told last. */
  readonly delay: number;
  /** Rejections that nobody handled. */
  readonly unhandled: readonly string[];
  /** Octets that are left after a collection of garbage, when it was asked for. */
  readonly kept?: number;
}

const options: ServeOptions = {
  port: 0,
  hostname: "127.0.0.1",
  name: "mx.test",
  maxSize: 2 * 1024 * 1024,
  maxConnections: 5000,
  maxConnectionsPerAddress: 5000,
  limits: { transactions: 1e9 },
  // Short, so that every fault comes to its end within the run.
  timeouts: { command: 2000, block: 2000, handler: 2500, delivery: 10_000 },
  spool: {
    memoryPerMessage: 256 * 1024,
    memoryBudget: 8 * 1024 * 1024,
    ...(process.env["SOAK_SPOOL"] === undefined ? {} : { directory: process.env["SOAK_SPOOL"] }),
  },
};

/** How often the loop is looked at, in milliseconds. */
const beat = 10;

/** Serves until standard input ends, then closes; the process ends by itself, if nothing is left over. */
export async function endure(serve: (handler: MailHandler, options: ServeOptions) => Promise<Server>): Promise<void> {
  // The handlers fail on purpose: nobody wants to read of each.
  configureSync({ sinks: {}, loggers: [{ category: ["logtape", "meta"], lowestLevel: "fatal" }] });
  let delivered: string[] = [];
  let unhandled: string[] = [];
  let delay = 0;
  let last = performance.now();
  process.on("unhandledRejection", (reason) => unhandled.push(`unhandled rejection: ${reason}`));
  process.on("uncaughtException", (error) => unhandled.push(`uncaught exception: ${error?.stack ?? error}`));

  const server = await serve(soakApp((copy) => delivered.push(copy)), options);

  function tell(more: Pick<Tidings, "port" | "kept"> = {}): void {
    const tidings = { delivered, sessions: server.sessions.length, delay: Math.round(delay), unhandled, ...more };
    process.stdout.write(`${JSON.stringify(tidings)}\n`);
    delivered = [];
    unhandled = [];
    delay = 0;
  }

  tell({ port: server.port });
  const heart = setInterval(() => {
    const now = performance.now();
    delay = Math.max(delay, now - last - beat);
    last = now;
  }, beat);
  const teller = setInterval(tell, 100);
  process.stdin.on("data", () => {
    (globalThis as { gc?: () => void }).gc?.();
    const { heapUsed, external } = process.memoryUsage();
    tell({ kept: heapUsed + external });
  });
  process.stdin.on("end", async () => {
    await server.close({ grace: 5000 });
    clearInterval(heart);
    clearInterval(teller);
    tell();
  });
}
