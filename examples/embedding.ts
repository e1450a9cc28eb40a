/**
 * SMTP sessions over connections of one's own: a server of `node:net`, one pair of web streams, and a WebSocket whose
 * other end is a tunnel from wherever port 25 is open.
 *
 *     bun examples/embedding.ts
 *     deno run -A examples/embedding.ts
 *     node --import jiti/register examples/embedding.ts
 *
 * It serves itself, so it has nothing for `postern serve`. (Node reads TypeScript through jiti, which Postern brings.)
 */

import { type AddressInfo, createServer, type Server, type Socket as NetSocket } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Postern } from "postern";
import {
  type ConnectionHandler,
  connectionHandler,
  fromNodeStream,
  fromWebStreams,
  handleConnection,
} from "postern/embed";

const app: Postern = new Postern();
app.deliver("support@example.com", (c) => c.text(`Thanks, ${c.var.session.remote.address || "whoever you are"}`));

/** Limits, spool and clock are shared by all connections of one handler. */
export const connections: ConnectionHandler = connectionHandler(app, { name: "mx.example.com" });

/** Any server of Node's will do; its sockets know their own addresses. */
export function listen(port: number): Server {
  const server = createServer({ allowHalfOpen: true }, (socket: NetSocket) => {
    connections.handle(fromNodeStream(socket));
  });
  return server.listen(port, "127.0.0.1");
}

/** One session over one pair of streams; resolves when it is over. */
export function overStreams(readable: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array>): Promise<void> {
  return handleConnection(
    fromWebStreams({ readable, writable }, { remote: { address: "192.0.2.1", port: 50_000 } }),
    app,
  );
}

/** As much of a WebSocket as every runtime's has. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  send(bytes: Uint8Array): void;
  close(): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close" | "error", listener: () => void): void;
}

/** Octets that may have come before they are read: nothing tells the client to wait, and SMTP lets few send so far ahead. */
const mostUnread = 16 * 1024 * 1024;

/** A session whose octets travel in binary messages of a WebSocket; resolves when it is over. */
export function overWebSocket(socket: WebSocketLike, remoteAddress: string): Promise<void> {
  socket.binaryType = "arraybuffer";
  let isOpen = true;
  let isRead = true;
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      const end = () => {
        isOpen = false;
        if (isRead) controller.close();
        isRead = false;
      };
      socket.addEventListener("message", ({ data }) => {
        if (!isRead || !(data instanceof ArrayBuffer)) return;
        controller.enqueue(new Uint8Array(data));
        if (controller.desiredSize! > -mostUnread) return;
        end();
        socket.close();
      });
      for (const event of ["close", "error"] as const) socket.addEventListener(event, end);
    },
    // The session may end first.
    cancel: () => void (isRead = false),
  }, new ByteLengthQueuingStrategy({ highWaterMark: 64 * 1024 }));
  const writable = new WritableStream<Uint8Array>({
    async write(bytes) {
      // The interface has no other word for "slow down". What a client that is gone did not take stays there for ever.
      while (isOpen && socket.bufferedAmount > 64 * 1024) await new Promise((resolve) => setTimeout(resolve, 10));
      if (!isOpen) throw new Error("The WebSocket is closed");
      socket.send(bytes);
    },
    close: () => socket.close(),
    abort: () => socket.close(),
  });
  return connections.handle(fromWebStreams({ readable, writable }, { remote: { address: remoteAddress, port: 0 } }));
}

// Not where it is imported, as by a test. (Node 20 has no import.meta.main.)
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = listen(Number(process.env["PORT"] ?? 2525));
  server.on("listening", () => console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`));
}
