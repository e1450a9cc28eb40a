/** One handshake of the server with itself: a client that is offered STARTTLS and fails does not deliver its mail. */

import { Buffer } from "node:buffer";
import { connect as connectInClear, type Socket as NetSocket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import type { Listen, Listener } from "../server.ts";
import type { Socket } from "../socket.ts";
import { Credentials, type CredentialSet, identityFor } from "./credentials.ts";

/** How long it may take, in milliseconds. It takes a few, on an idle machine. */
const patience = 10_000;

const goAhead = "220 Ready\r\n";
const question = "NOOP\r\n";
const answer = "250 Ok\r\n";

/**
 * Says STARTTLS's 220, shakes hands, and exchanges a line each way, over a listener of the runtime's own on loopback
 * that nobody else knows of.
 *
 * @throws {Error} when any of it fails: then these certificates are of no use on this runtime.
 */
export async function proveTls(listen: Listen, set: CredentialSet): Promise<void> {
  let accepted: Socket | undefined;
  let client: NetSocket | undefined;
  let fail: (reason: Error) => void;
  const failure = new Promise<never>((_, reject) => fail = reject);
  failure.catch(() => {});
  const credentials = new Credentials(set);
  const listener = await loopback(listen, credentials, (socket) => {
    // Whoever else finds the port in its few milliseconds is not talked to.
    if (accepted !== undefined) return socket.destroy();
    accepted = socket;
    respond(socket).catch(fail);
  });
  const timer = setTimeout(() => fail(new Error(`No handshake within ${patience} ms`)), patience);
  try {
    client = connectInClear({ port: listener.port, host: listener.hostname });
    // The client's part ends with the server's answer: then both are done.
    await Promise.race([ask(client, set), failure]);
  } finally {
    clearTimeout(timer);
    client?.destroy();
    accepted?.destroy();
    listener.close();
  }
}

async function loopback(
  listen: Listen,
  credentials: Credentials,
  accept: (socket: Socket) => void,
): Promise<Listener> {
  const address = { port: 0, unix: undefined, native: undefined, credentials, isShared: false };
  try {
    return await listen({ ...address, hostname: "127.0.0.1" }, accept);
  } catch {
    return await listen({ ...address, hostname: "::1" }, accept);
  }
}

async function respond(socket: Socket): Promise<void> {
  if (socket.startTls === undefined) throw new Error("The runtime's sockets have no TLS");
  await socket.startTls(new TextEncoder().encode(goAhead));
  let received = "";
  while (received.length < question.length) {
    const bytes = await socket.read();
    if (bytes === null) throw new Error("The connection ended after the handshake");
    received += new TextDecoder().decode(bytes);
  }
  if (received !== question || socket.tls === undefined) throw new Error("The bytes did not come through");
  await socket.write(new TextEncoder().encode(answer));
}

/** The client's part. It asks for a name with a certificate of its own, if there is one. */
async function ask(clear: NetSocket, set: CredentialSet): Promise<void> {
  await receive(clear, goAhead);
  const [name] = set.names.keys();
  const servername = name?.replace("*", "postern");
  const socket = connect({
    socket: clear,
    rejectUnauthorized: false,
    ...(servername === undefined ? {} : { servername }),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve).once("error", reject);
    socket.once("close", () => reject(new Error("The connection was closed during the handshake")));
  });
  const { certificate } = identityFor(set, servername);
  const shown = socket.getPeerCertificate(false).raw ?? Buffer.alloc(0);
  if (Buffer.compare(shown, certificate) !== 0) {
    throw new Error(`The certificate shown is not that of ${servername ?? "the server"}`);
  }
  socket.write(question);
  await receive(socket, answer);
  socket.destroy();
}

async function receive(socket: NetSocket | TLSSocket, expected: string): Promise<void> {
  let received = "";
  await new Promise<void>((resolve, reject) => {
    function take(bytes: Uint8Array): void {
      received += new TextDecoder().decode(bytes);
      if (received.length < expected.length) return;
      socket.off("data", take);
      socket.pause();
      resolve();
    }
    socket.on("data", take).once("error", reject);
    socket.once("close", () => reject(new Error("The connection was closed")));
  });
  if (received !== expected) throw new Error("The bytes did not come through");
}
