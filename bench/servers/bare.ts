/**
 * A server that does nothing with the bytes it gets but answer: what remains is the price of the runtime's sockets.
 *
 * Arguments: the port, the way of getting bytes, and the files of a certificate and of its key. The ways are
 * `adapter`, Postern's own socket; `node:net` with `node:tls`; and on Deno `conn`, a buffer for each read of a
 * `Deno.Conn`, and `conn-reused`, one buffer for all reads of a connection. The last two have no TLS.
 */

import { readFileSync } from "node:fs";
import { createServer, type Socket as NetSocket } from "node:net";
import process from "node:process";
import type { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";
import type { Socket } from "postern";
import { Credentials, loadCredentials } from "../../src/tls/credentials.ts";
import { BareDialogue, greeting } from "./bare_dialogue.ts";

const [portText, way, cert = "", key = ""] = process.argv.slice(2);
const port = Number(portText);
const hostname = "127.0.0.1";
const room = 64 * 1024;

switch (way) {
  case "adapter":
    await listenByAdapter(new Credentials(await loadCredentials({ cert, key })));
    break;
  case "node:net": {
    const secureContext = createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
    createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      socket.write(greeting);
      answerStream(socket, socket, (stream) => new TLSSocket(stream, { isServer: true, secureContext }));
    }).listen(port, hostname);
    break;
  }
  case "conn":
  case "conn-reused":
    for await (const conn of Deno.listen({ hostname, port })) answerConn(conn, way === "conn-reused").catch(() => {});
    break;
  default:
    throw new TypeError(`Cannot serve by "${way}"`);
}

async function listenByAdapter(credentials: Credentials): Promise<void> {
  const accept = (socket: Socket) => void answerSocket(socket).catch(() => {});
  if ("Bun" in globalThis) {
    const { BunSocket } = await import("../../adapters/bun/socket.ts");
    const socket = BunSocket.handler(accept, credentials);
    Bun.listen({ hostname, port, allowHalfOpen: true, socket, data: undefined as never });
    return;
  }
  if ("Deno" in globalThis) {
    const { DenoSocket } = await import("../../adapters/deno/socket.ts");
    for await (const conn of Deno.listen({ hostname, port })) accept(new DenoSocket(conn, credentials));
    return;
  }
  const { NodeSocket } = await import("../../adapters/node/socket.ts");
  createServer({ allowHalfOpen: true }, (socket) => accept(new NodeSocket(socket, credentials))).listen(port, hostname);
}

async function answerSocket(socket: Socket): Promise<void> {
  const dialogue = new BareDialogue(true);
  socket.write(greeting);
  let bytes: Uint8Array | null;
  while (!dialogue.isOver && (bytes = await socket.read()) !== null) {
    const reply = dialogue.take(bytes);
    if (reply === undefined) continue;
    if (dialogue.wantsTls) await socket.startTls!(reply);
    else await socket.write(reply);
    dialogue.wantsTls = false;
  }
  socket.close();
}

function answerStream(stream: Duplex, socket: NetSocket, encrypt: (socket: NetSocket) => TLSSocket): void {
  const dialogue = new BareDialogue(stream === socket);
  function take(bytes: Uint8Array): void {
    const reply = dialogue.take(bytes);
    if (reply !== undefined) stream.write(reply);
    if (dialogue.isOver) stream.end();
    if (!dialogue.wantsTls) return;
    socket.off("data", take).pause();
    answerStream(encrypt(socket), socket, encrypt);
  }
  stream.on("data", take).on("error", () => {}).on("end", () => stream.end());
}

async function answerConn(conn: Deno.TcpConn, isReused: boolean): Promise<void> {
  conn.setNoDelay(true);
  const dialogue = new BareDialogue(false);
  let buffer = new Uint8Array(room);
  await conn.write(greeting);
  let count: number | null;
  while (!dialogue.isOver && (count = await conn.read(buffer)) !== null) {
    const reply = dialogue.take(buffer.subarray(0, count));
    if (reply !== undefined) await conn.write(reply);
    if (!isReused) buffer = new Uint8Array(room);
  }
  conn.close();
}
