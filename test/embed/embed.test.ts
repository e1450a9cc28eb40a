/** Sessions over streams that are no server's. */

import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Duplex } from "node:stream";
import { Postern } from "postern";
import { connectionHandler, fromNodeStream, fromWebStreams, handleConnection } from "postern/embed";
import { connections, overWebSocket } from "../../examples/embedding.ts";
import { hold } from "../../src/testing/dialogue.ts";
import { type Elsewhere, runElsewhere } from "../elsewhere.ts";
import { cases } from "./cases.ts";
import { listenTo, script, StreamClient } from "./streamclient.ts";

setDefaultTimeout(20_000);

/** A WebSocket of which nobody but the test hears. */
class SilentWebSocket extends EventTarget {
  binaryType = "";
  bufferedAmount = 0;
  isClosed = false;

  send(): void {}

  close(): void {
    this.isClosed = true;
    this.dispatchEvent(new Event("close"));
  }

  message(octets: number): void {
    this.dispatchEvent(new MessageEvent("message", { data: new ArrayBuffer(octets) }));
  }
}

describe("a client of examples/embedding.ts over a WebSocket", () => {
  test("that is gone before it took the replies leaves nobody waiting", async () => {
    const socket = new SilentWebSocket();
    socket.bufferedAmount = 1024 * 1024;
    const session = overWebSocket(socket as never, "192.0.2.1");
    socket.close();
    await session;
    await new Promise((resolve) => setTimeout(resolve, 20));
    let looks = 0;
    Object.defineProperty(socket, "bufferedAmount", { get: () => ++looks + 1024 * 1024 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(looks).toBe(0);
  });

  test("that sends more than is read is sent away", async () => {
    const socket = new SilentWebSocket();
    const session = overWebSocket(socket as never, "192.0.2.1");
    for (let sent = 0; sent < 20; sent++) socket.message(1024 * 1024);
    expect(socket.isClosed).toBe(true);
    await session;
  });
});

describe("examples/embedding.ts on Bun", () => {
  afterAll(async () => await connections.close());
  for (const [name, run] of Object.entries(cases)) test(name, run);
});

test.each<Elsewhere>(["deno", "node"])("examples/embedding.ts on %s", async (runtime) => {
  const { code, output } = await runElsewhere(runtime, "test/embed/cases.run.ts");
  expect(output).toContain(`${Object.keys(cases).length} passed, 0 failed`);
  expect(code).toBe(0);
}, 60_000);

function app(): Postern {
  const app = new Postern();
  app.deliver("support@example.com", (c) => c.text("Thanks, nobody"));
  return app;
}

describe("a Node stream that is no socket", () => {
  function pair(): [Duplex, Duplex] {
    const ends: Duplex[] = [0, 1].map((side) =>
      new Duplex({
        read() {},
        write(bytes, _, done) {
          ends[1 - side]!.push(bytes);
          setImmediate(done);
        },
        final(done) {
          ends[1 - side]!.push(null);
          done();
        },
        highWaterMark: 16,
      })
    );
    return ends as [Duplex, Duplex];
  }

  test("carries a session, however slowly it takes the replies", async () => {
    const [ours, theirs] = pair();
    const session = handleConnection(fromNodeStream(theirs), app());
    const client = new StreamClient((bytes) => ours.write(bytes));
    ours.on("data", (bytes) => client.hear(bytes)).on("end", () => client.hear(null));
    await hold(client, script.replace("WHO", "nobody"));
    ours.end();
    await session;
  });

  test("that breaks in the middle of a message ends the session, and nothing is delivered", async () => {
    const [ours, theirs] = pair();
    let deliveries = 0;
    const counting = new Postern();
    counting.deliver("support@example.com", (c) => {
      deliveries++;
      return c.body(null, 204);
    });
    const session = handleConnection(fromNodeStream(theirs), counting);
    const client = new StreamClient((bytes) => ours.write(bytes));
    ours.on("data", (bytes) => client.hear(bytes));
    const say = (line: string) => client.write(new TextEncoder().encode(`${line}\r\n`));
    expect((await client.reply()).code).toBe(220);
    const commands = ["EHLO c", "MAIL FROM:<a@b.test>", "RCPT TO:<support@example.com>", "DATA"];
    for (const line of commands) {
      say(line);
      expect((await client.reply()).code).toBe(line === "DATA" ? 354 : 250);
    }
    say("Subject: Half\r\n\r\nThis is the first of two");
    // The half is in before the end comes.
    while (ours.writableLength > 0 || theirs.readableLength > 0) await new Promise((resolve) => setImmediate(resolve));
    theirs.destroy(new Error("gone"));
    await session;
    expect(deliveries).toBe(0);
  });
});

describe("web streams", () => {
  test("a client that goes away ends the session", async () => {
    const [toServer, toClient] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
    const session = handleConnection(
      fromWebStreams({ readable: toServer.readable, writable: toClient.writable }),
      app(),
    );
    await toServer.writable.abort(new Error("gone"));
    await toClient.readable.cancel();
    await session;
  });

  test("TLS that others ended is known to handlers", async () => {
    const other = new Postern();
    other.connect((c) => c.text(`${c.var.session.tls?.protocol} ${c.var.session.protocol}`, 554 as never));
    const [toServer, toClient] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
    const tls = { protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" };
    const socket = fromWebStreams({ readable: toServer.readable, writable: toClient.writable }, { tls });
    const session = handleConnection(socket, other);
    const client = new StreamClient(() => {});
    const listening = listenTo(toClient.readable, client);
    expect((await client.reply()).text).toStartWith("TLSv1.3 ");
    await toServer.writable.close();
    await Promise.all([session, listening]);
  });
});

test("connections of one handler share its limits, and end together", async () => {
  await using handler = connectionHandler(app(), { maxConnections: 1 });
  const heard: string[] = [];
  for (let time = 0; time < 2; time++) {
    const stream = new Duplex({
      read() {},
      write(bytes, _, done) {
        heard.push(...`${bytes}`.trimEnd().split("\r\n").map((line) => line.slice(0, 3)));
        done();
      },
    });
    handler.handle(fromNodeStream(stream));
  }
  expect(handler.sessions).toHaveLength(1);
  await handler.close({ grace: 50 });
  // One is turned away, the other told to go when all end.
  expect(heard.toSorted()).toEqual(["220", "421", "421"]);
});

test("a socket that nobody talks on is closed by its own deadline", async () => {
  const client = new StreamClient(() => {});
  const stream = new Duplex({
    read() {},
    write(bytes, _, done) {
      client.hear(bytes);
      done();
    },
  });
  const session = handleConnection(fromNodeStream(stream), app(), {
    timeouts: { command: 50, block: 50, handler: 50, delivery: 50 },
  });
  expect([(await client.reply()).code, (await client.reply()).code]).toEqual([220, 421]);
  await session;
});
