/** examples/embedding.ts at work: cases that use no test runner, so that they run on each runtime. */

import { type EventEmitter, once } from "node:events";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { connections, listen, overStreams, overWebSocket, type WebSocketLike } from "../../examples/embedding.ts";
import { hold } from "../../src/testing/dialogue.ts";
import { WireClient } from "../wire.ts";
import { listenTo, script, StreamClient } from "./streamclient.ts";

export const cases: Readonly<Record<string, () => Promise<void>>> = {
  async "a server of node:net"() {
    const server = listen(0);
    await once(server, "listening");
    const client = await WireClient.connect({ port: (server.address() as AddressInfo).port });
    await hold(client, script.replace("WHO", "127.0.0.1"));
    client.destroy();
    server.close();
  },

  async "a pair of web streams"() {
    const [toServer, toClient] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
    const session = overStreams(toServer.readable, toClient.writable);
    const writer = toServer.writable.getWriter();
    const client = new StreamClient((bytes) => void writer.write(bytes).catch(() => {}));
    const listening = listenTo(toClient.readable, client);
    await hold(client, script.replace("WHO", "192.0.2.1"));
    await Promise.all([session, listening]);
  },

  async "a WebSocket"() {
    let session: Promise<void> | undefined;
    const ours: WebSocketLike[] = [];
    const client = new StreamClient((bytes) => ours[0]!.send(bytes));
    const { socket, close } = await connected(client, (theirs) => session = overWebSocket(theirs, "192.0.2.7"));
    ours.push(socket);
    await hold(client, script.replace("WHO", "192.0.2.7"));
    await session;
    await close();
  },

  async "what is left of them"() {
    if (connections.sessions.length > 0) throw new Error("A session goes on");
    await connections.close();
  },
};

type Accept = (theirs: WebSocketLike) => void;

interface Connected {
  readonly socket: WebSocketLike;
  close(): Promise<void>;
}

/** A WebSocket over loopback to a server of the runtime's own, whose end is handed over; on Node, which has none, ws's. */
async function connected(client: StreamClient, accept: Accept): Promise<Connected> {
  if (process.versions["bun"] !== undefined) return await overBun(client, accept);
  if (process.versions["deno"] !== undefined) return await overDeno(client, accept);
  return await overNode(client, accept);
}

function listenOn(socket: WebSocketLike, client: StreamClient): void {
  socket.addEventListener("message", ({ data }) => client.hear(new Uint8Array(data as ArrayBuffer)));
  socket.addEventListener("close", () => client.hear(null));
}

async function opened(port: number, client: StreamClient, Socket = globalThis.WebSocket): Promise<WebSocketLike> {
  const socket = new Socket(`ws://127.0.0.1:${port}`);
  socket.binaryType = "arraybuffer";
  // The greeting may come in the same breath as the opening.
  listenOn(socket as unknown as WebSocketLike, client);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  return socket as unknown as WebSocketLike;
}

async function overDeno(client: StreamClient, accept: Accept): Promise<Connected> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.addEventListener("open", () => accept(socket as unknown as WebSocketLike));
    return response;
  });
  return { socket: await opened((server.addr as Deno.NetAddr).port, client), close: () => server.shutdown() };
}

async function overBun(client: StreamClient, accept: Accept): Promise<Connected> {
  // Bun's own end has no events: they are told to it.
  const listeners = new Map<string, ((event: { data: unknown }) => void)[]>();
  const tell = (type: string, data: unknown) => listeners.get(type)?.forEach((listener) => listener({ data }));
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, server) => server.upgrade(request, { data: undefined }) ? undefined : new Response(null),
    websocket: {
      open(socket) {
        accept({
          binaryType: "arraybuffer",
          get bufferedAmount() {
            return socket.getBufferedAmount();
          },
          send: (bytes) => void socket.sendBinary(bytes as Uint8Array<ArrayBuffer>),
          close: () => socket.close(),
          addEventListener: (type: string, listener: (event: { data: unknown }) => void) =>
            void listeners.set(type, [...listeners.get(type) ?? [], listener]),
        });
      },
      message: (_, data) => tell("message", data instanceof Uint8Array ? data.slice().buffer : data),
      close: () => tell("close", undefined),
    },
  });
  return { socket: await opened(server.port!, client), close: () => server.stop(true) };
}

/** As much as is used of the package ws. */
interface Ws {
  readonly WebSocket: typeof globalThis.WebSocket;
  readonly WebSocketServer: new (options: { port: number; host: string }) => EventEmitter & {
    address(): AddressInfo;
    close(done: () => void): void;
  };
}

async function overNode(client: StreamClient, accept: Accept): Promise<Connected> {
  // Not a literal: the other runtimes would look for it when they read this file.
  const name: string = "ws";
  const { WebSocket, WebSocketServer }: Ws = await import(name);
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket: WebSocketLike) => accept(socket));
  await once(server, "listening");
  return {
    socket: await opened(server.address().port, client, WebSocket),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
