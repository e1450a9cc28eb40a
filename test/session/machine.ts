/** A session, and everything it did: for tests that cut, compare and make things up. */

import type { Hono } from "hono";
import { Postern, reply } from "postern";
import { application } from "../../src/app/application.ts";
import { StageRoutes } from "../../src/app/routes.ts";
import { MemoryDeliveryStore } from "../../src/app/deliveries.ts";
import { Conversation } from "../../src/session/conversation.ts";
import { type PartialSessionOptions, sessionOptions, type SessionPolicy } from "../../src/session/options.ts";
import { Spool } from "../../src/spool/spool.ts";
import { MemorySocket } from "../../src/testing/memorysocket.ts";
import { takeReplies } from "../../src/testing/reply.ts";
import { toBytes, toText } from "../protocol/oracle.ts";

/** A message that was handed over. */
export interface Taken {
  readonly from: string | null;
  readonly to: readonly string[];
  /** One character for each octet; without the trace fields. */
  readonly content: string;
}

/** What came of it. */
export interface Outcome {
  /** The codes of all replies in their order, the greeting's first. */
  readonly codes: readonly number[];
  /** All replies as they were written. */
  readonly output: string;
  readonly taken: readonly Taken[];
}

/** An app that takes all mail but for local parts that say otherwise, and writes down what it took. */
export function takingApp(taken: Taken[]): Postern {
  const app = new Postern();
  app.rcpt("refused@:domain", () => reply(550, "5.1.1", "No such user"));
  app.rcpt("*", (c) => c.body(null, 204));
  app.command("XECHO", (c) => reply(250, "2.0.0", c.var.argument));
  app.data(async (c) => {
    const { from, to } = c.var.envelope;
    const bytes = await c.var.mail.bytes();
    const content = toText([bytes]).replace(/^Received:.*\r\n(?:[ \t].*\r\n)*/, "");
    if (to.some(({ local }) => local === "reject")) return reply(554, "5.7.1", "No thanks");
    if (to.some(({ local }) => local === "later")) throw new Error("not this time");
    taken.push({ from: from?.address ?? null, to: to.map(({ address }) => address), content });
    return c.body(null, 204);
  });
  return app;
}

/** A session with an app, and what it holds on to. */
export class Machine {
  readonly spool: Spool = new Spool({ memoryPerMessage: 4096 });
  readonly taken: Taken[] = [];
  readonly socket: MemorySocket;
  /** Resolves once the session is over. */
  readonly done: Promise<void>;
  output = "";
  /** What went wrong that must not. */
  readonly faults: unknown[] = [];

  /** A client that does not wait is one that may pipeline as it likes, unless the options say otherwise. */
  constructor(options: PartialSessionOptions & Partial<SessionPolicy> = {}) {
    this.socket = new MemorySocket((bytes) => {
      if (bytes !== null) this.output += toText([bytes]);
    });
    const conversation = new Conversation(this.socket, {
      application: application({
        routes: new StageRoutes(takingApp(this.taken) as unknown as Hono, "mx.test"),
        bindings: undefined,
        handlerTimeout: 10_000,
        deliveryTimeout: 10_000,
        deliveries: new MemoryDeliveryStore(),
        deadlines: { add: () => {}, delete: () => {} },
        background: new Set(),
        failed: () => {},
      }),
      options: {
        ...sessionOptions({ pipelining: "lenient", ...options }, "mx.test"),
        protocol: "smtp",
        implicitTls: false,
        requireTls: options.requireTls ?? false,
        requireAuth: false,
      },
      openContent: this.spool.open,
      observer: {
        message: () => {},
        ended: () => {},
        turnedAway: () => {},
        handshakeFailed: () => {},
        failed: (_, error) => void this.faults.push(error),
      },
    });
    this.done = conversation.run();
  }

  /** Waits for the end, and looks whether anything is left behind. */
  async outcome(): Promise<Outcome> {
    await this.done;
    if (this.faults.length > 0) throw this.faults[0];
    const { inMemory, onDisk } = this.spool;
    if (inMemory !== 0 || onDisk !== 0) throw new Error(`${inMemory} octets in memory, ${onDisk} on disk are left`);
    const { replies, rest } = takeReplies(this.output);
    if (rest !== "") throw new Error(`The server's last reply has no end: "${rest}"`);
    // Ids differ from session to session.
    const output = this.output.replace(/ as \S+/g, " as ID");
    return { codes: replies.map(({ code }) => code), output, taken: this.taken };
  }
}

/** Holds a whole conversation: all segments, each read by itself, and FIN behind them. */
export function converse(
  segments: Iterable<Uint8Array>,
  options: PartialSessionOptions & Partial<SessionPolicy> = {},
): Promise<Outcome> {
  const machine = new Machine(options);
  for (const segment of segments) machine.socket.receive(segment);
  machine.socket.receiveEnd();
  return machine.outcome();
}

/** The text in segments of the lengths that `cuts` gives. */
export function* segments(text: string, cuts: () => number): Iterable<Uint8Array> {
  const bytes = toBytes(text);
  for (let at = 0; at < bytes.length;) {
    const end = at + Math.max(1, cuts());
    yield bytes.slice(at, end);
    at = end;
  }
}
