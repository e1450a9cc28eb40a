/** Replies of several sessions that leave together: in order, once, and whatever becomes of the others. */

import { describe, expect, test } from "bun:test";
import { configure, reset } from "@logtape/logtape";
import { Postern } from "postern";
import { connectionHandler, fromNodeStream, fromWebStreams } from "postern/embed";
import { Duplex } from "node:stream";
import type { Socket } from "../../src/socket.ts";
import { MemorySocket } from "../../src/testing/memorysocket.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A client in memory. */
class Peer {
  heard = "";
  readonly socket: MemorySocket;

  constructor() {
    this.socket = new MemorySocket((bytes) => this.heard += bytes === null ? "FIN" : decoder.decode(bytes));
  }

  say(text: string): void {
    this.socket.receive(encoder.encode(text));
  }
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

function app(): Postern {
  const app = new Postern();
  app.command("XECHO", (c) => c.text(c.var.argument));
  app.deliver("*", (c) => c.body(null, 204));
  return app;
}

describe("a socket that fails", () => {
  /** A socket whose writes go wrong from the second on: they throw, or are never done. */
  function broken(peer: Peer, fail: () => Promise<void>): Socket {
    let writes = 0;
    const { socket } = peer;
    return new Proxy(socket, {
      get(target, name) {
        if (name === "write") return (bytes: Uint8Array) => ++writes > 1 ? fail() : target.write(bytes);
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }
  const ways = {
    "throws": () => {
      throw new Error("broken socket");
    },
    "rejects": () => Promise.reject(new Error("broken socket")),
  };
  for (const [way, fail] of Object.entries(ways)) {
    test(`${way}: its session ends, and the replies of the others leave all the same`, async () => {
      const errors: unknown[] = [];
      await configure({
        sinks: { list: (record) => void errors.push(record.properties["error"]) },
        loggers: [
          { category: "postern", sinks: ["list"], lowestLevel: "error" },
          { category: ["logtape", "meta"], lowestLevel: "fatal" },
        ],
        reset: true,
      });
      await using connections = connectionHandler(app(), { name: "mx.test" });
      const peers = Array.from({ length: 5 }, () => new Peer());
      const sessions = peers.map((peer, at) => connections.handle(at === 1 ? broken(peer, fail) : peer.socket));
      await turns(3);
      for (let round = 0; round < 3; round++) {
        for (const peer of peers) peer.say(`XECHO round ${round}\r\n`);
        await turns(3);
      }
      peers.forEach((peer, at) => {
        const replies = at === 1 ? "FIN" : "250 2.0.0 round 0\r\n250 2.0.0 round 1\r\n250 2.0.0 round 2\r\n";
        expect(peer.heard.replace(/^220.*\r\n/, "")).toBe(replies);
      });
      expect(errors).toEqual(["broken socket"]);
      expect(connections.sessions).toHaveLength(4);
      for (const peer of peers) peer.say("QUIT\r\n");
      await Promise.all(sessions);
      await reset();
    });
  }
});

test("what waits when a session ends leaves once, and before the last word", async () => {
  await using connections = connectionHandler(app(), { name: "mx.test" });
  const peers = Array.from({ length: 4 }, () => new Peer());
  const sessions = peers.map((peer) => connections.handle(peer.socket));
  await turns(3);
  const [ends, stays, quits] = peers as [Peer, Peer, Peer];
  ends.say("XECHO one\r\nXECHO two\r\n");
  stays.say("XECHO one\r\n");
  quits.say("XECHO one\r\nQUIT\r\nXECHO after\r\n");
  // Everybody's replies are ready, and nobody's have left.
  for (let at = 0; at < 20; at++) await Promise.resolve();
  const closed = connections.close();
  await closed;
  await Promise.all(sessions);
  const bodies = peers.map(({ heard }) => heard.replace(/^220.*\r\n/, "").replace(/421 .*\r\n/, "421\r\n"));
  expect(bodies).toEqual([
    "250 2.0.0 one\r\n250 2.0.0 two\r\n421\r\nFIN",
    "250 2.0.0 one\r\n421\r\nFIN",
    "250 2.0.0 one\r\n221 2.0.0 Bye\r\nFIN",
    "421\r\nFIN",
  ]);
});

describe("streams that do as they like with what they are given", () => {
  const doors: Record<string, (hear: (bytes: Uint8Array) => void) => { socket: Socket; say(text: string): void }> = {
    "web streams": (hear) => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      const socket = fromWebStreams({ readable, writable: new WritableStream({ write: hear }) });
      return { socket, say: (text) => void writer.write(encoder.encode(text)).catch(() => {}) };
    },
    "Node's": (hear) => {
      const duplex = new Duplex({
        read() {},
        write(bytes, _, done) {
          hear(bytes);
          done();
        },
      });
      return { socket: fromNodeStream(duplex), say: (text) => void duplex.push(text) };
    },
  };
  for (const [name, open] of Object.entries(doors)) {
    test(`${name}: their neighbours are told what they should be, now and later`, async () => {
      await using connections = connectionHandler(app(), { name: "mx.test" });
      const heard = ["", "", "", ""];
      const clients = heard.map((_, at) =>
        open((bytes) => {
          heard[at] += decoder.decode(bytes);
          bytes.fill(0x21);
          structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
        })
      );
      const sessions = clients.map(({ socket }) => connections.handle(socket));
      await turns(5);
      for (let round = 0; round < 3; round++) {
        clients.forEach(({ say }, at) => say(`XECHO ${at} in ${round}\r\nNOOP\r\n`));
        await turns(10);
      }
      for (const { say } of clients) say("QUIT\r\n");
      await Promise.all(sessions);
      heard.forEach((text, at) => {
        const rounds = [0, 1, 2].map((round) => `250 2.0.0 ${at} in ${round}\r\n250 2.0.0 Ok\r\n`).join("");
        expect(text.replace(/^220.*\r\n/, "")).toBe(`${rounds}221 2.0.0 Bye\r\n`);
      });
    });
  }
});
