/** Sessions over streams that are no server's. */

import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Duplex } from "node:stream";
import { Postern } from "postern";
import { connectionHandler, fromNodeStream, fromWebStreams, handleConnection } from "postern/embed";
import { connections, listen, overStreams, overWebSocket, type WebSocketLike } from "../../examples/embedding.ts";
import { hold, octets } from "../../src/testing/dialogue.ts";
import { type ClientReply, takeReplies } from "../../src/testing/reply.ts";
import { WireClient } from "../wire.ts";

setDefaultTimeout(20_000);

/** A client that writes to one end of something, and hears from it. */
class StreamClient {
  readonly #send: (bytes: Uint8Array) => void;
  readonly #replies: ClientReply[] = [];
  #received = "";
  #hasEnded = false;
  #wake: (() => void) | undefined;

  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  hear(bytes: Uint8Array | null): void {
    if (bytes === null) this.#hasEnded = true;
    else {
      const { replies, rest } = takeReplies(this.#received + new TextDecoder().decode(bytes));
      this.#replies.push(...replies);
      this.#received = rest;
    }
    this.#wake?.();
  }

  write(bytes: Uint8Array): void {
    this.#send(bytes);
  }

  async reply(): Promise<ClientReply> {
    while (this.#replies.length === 0) {
      if (this.#hasEnded) throw new Error("The connection is over");
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#replies.shift()!;
  }

  async closed(): Promise<readonly ClientReply[]> {
    while (!this.#hasEnded) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#replies;
  }
}

const script = `
  S: 220
  C: EHLO client.test
  S: 250
  C: MAIL FROM:<a@example.org>
  C: RCPT TO:<nobody@example.com>
  C: RCPT TO:<support@example.com>
  C: DATA
  S: 250 2.1.0
  S: 550 5.1.1
  S: 250 2.1.5
  S: 354
  C: Subject: Hi
  C:
  C: .
  S: 250 2.0.0 Thanks, WHO
  C: QUIT
  S: 221 2.0.0
  S: close
`;

async function listenTo(readable: ReadableStream<Uint8Array>, client: StreamClient): Promise<void> {
  for await (const bytes of readable) client.hear(bytes);
  client.hear(null);
}

describe("examples/embedding.ts", () => {
  afterAll(async () => await connections.close());

  test("a server of node:net", async () => {
    const server = listen(0);
    await once(server, "listening");
    const client = await WireClient.connect({ port: (server.address() as AddressInfo).port });
    await hold(client, script.replace("WHO", "127.0.0.1"));
    client.destroy();
    server.close();
  });

  test("a pair of web streams", async () => {
    const [toServer, toClient] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
    const session = overStreams(toServer.readable, toClient.writable);
    const writer = toServer.writable.getWriter();
    const client = new StreamClient((bytes) => void writer.write(bytes).catch(() => {}));
    const listening = listenTo(toClient.readable, client);
    await hold(client, script.replace("WHO", "192.0.2.1"));
    await Promise.all([session, listening]);
  });

  test("a WebSocket", async () => {
    const listeners = new Map<string, ((event: { data: unknown }) => void)[]>();
    const tell = (type: string, data: unknown) => listeners.get(type)?.forEach((listener) => listener({ data }));
    let session: Promise<void> | undefined;
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request, server) => server.upgrade(request, { data: undefined }) ? undefined : new Response(null),
      websocket: {
        open(socket) {
          const like: WebSocketLike = {
            binaryType: "arraybuffer",
            bufferedAmount: 0,
            send: (bytes) => void socket.sendBinary(bytes as Uint8Array<ArrayBuffer>),
            close: () => socket.close(),
            addEventListener: (type: string, listener: (event: { data: unknown }) => void) =>
              void listeners.set(type, [...listeners.get(type) ?? [], listener]),
          };
          session = overWebSocket(like, "192.0.2.7");
        },
        message: (_, data) => tell("message", data instanceof Uint8Array ? data.slice().buffer : data),
        close: () => tell("close", undefined),
      },
    });
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}`);
    socket.binaryType = "arraybuffer";
    const client = new StreamClient((bytes) => socket.send(bytes as Uint8Array<ArrayBuffer>));
    socket.addEventListener("message", ({ data }) => client.hear(new Uint8Array(data as ArrayBuffer)));
    socket.addEventListener("close", () => client.hear(null));
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    await hold(client, script.replace("WHO", "192.0.2.7"));
    await session;
    await server.stop(true);
  });
});

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
    const session = handleConnection(fromNodeStream(theirs), app());
    ours.resume();
    ours.write(octets("EHLO c\\r\\nMAIL FROM:<a@b.test>\\r\\nRCPT TO:<support@example.com>\\r\\n"));
    theirs.destroy(new Error("gone"));
    await session;
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
        heard.push(`${bytes}`.slice(0, 3));
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
