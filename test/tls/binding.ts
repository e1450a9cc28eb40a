/** What ties SASL to the encryption, compared with what openssl makes of the same connection. Runs on every runtime. */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { createServer } from "node:net";
import type { Socket } from "postern";
import { Credentials, loadCredentials } from "../../src/tls/credentials.ts";
import { runCases } from "../run.ts";
import { Certificates } from "./certificates.ts";
import { openssl } from "./client.ts";

type Accept = (socket: Socket) => void;

/** Listens on a free port with this runtime's own socket; gives the port and how to stop. */
async function listen(credentials: Credentials, accept: Accept): Promise<{ port: number; stop(): void }> {
  if ("Bun" in globalThis) {
    const { BunSocket } = await import("../../adapters/bun/socket.ts");
    const socket = BunSocket.handler(accept, credentials);
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      allowHalfOpen: true,
      socket,
      data: undefined as never,
    });
    return { port: listener.port, stop: () => listener.stop() };
  }
  if ("Deno" in globalThis) {
    const { DenoSocket } = await import("../../adapters/deno/socket.ts");
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    listener.accept().then((conn) => accept(new DenoSocket(conn, credentials)));
    return { port: listener.addr.port, stop: () => listener.close() };
  }
  const { NodeSocket } = await import("../../adapters/node/socket.ts");
  const server = createServer({ allowHalfOpen: true }, (socket) => accept(new NodeSocket(socket, credentials)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as { port: number }).port, stop: () => void server.close() };
}

/** Shakes hands with openssl; gives the server's bindings and what openssl printed. */
async function handshake(credentials: Credentials, ...args: string[]): Promise<{
  exporter: Uint8Array | undefined;
  endPoint: Uint8Array | undefined;
  inClear: Uint8Array | undefined;
  output: string;
}> {
  let inClear: Uint8Array | undefined;
  let resolve: (socket: Socket) => void;
  const accepted = new Promise<Socket>((settle) => resolve = settle);
  const { port, stop } = await listen(credentials, async (socket) => {
    inClear = socket.channelBinding?.("tls-exporter");
    await socket.startTls!(new Uint8Array(0));
    resolve(socket);
  });
  const at = ["-connect", `127.0.0.1:${port}`, "-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32"];
  const [output, socket] = await Promise.all([openssl([...at, ...args], []), accepted]);
  const exporter = socket.channelBinding?.("tls-exporter");
  const endPoint = socket.channelBinding?.("tls-server-end-point");
  socket.destroy();
  stop();
  return { exporter, endPoint, inClear, output };
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("").toUpperCase();
}

const made = new Certificates();
try {
  made.server("default", "mx.test");
  made.server("other", "other.test");
  const credentials = new Credentials(
    await loadCredentials({ ...made.of("default"), sni: { "other.test": made.of("other") } }),
  );
  const digest = (name: string): string =>
    createHash("sha256").update(new X509Certificate(made.pem(name)).raw).digest("hex").toUpperCase();

  await runCases({
    "tls-exporter is what the client exports, where the runtime exports at all": async () => {
      const { exporter, inClear, output } = await handshake(credentials, "-tls1_3");
      const theirs = /Keying material: ([0-9A-F]+)/.exec(output)?.[1];
      strictEqual(theirs?.length, 64);
      strictEqual(inClear, undefined);
      deepStrictEqual(hex(exporter), "Deno" in globalThis ? undefined : theirs);
    },
    "tls-exporter is not to be had under TLS 1.2": async () => {
      strictEqual((await handshake(credentials, "-tls1_2")).exporter, undefined);
    },
    "tls-server-end-point is that of the certificate shown": async () => {
      strictEqual(hex((await handshake(credentials)).endPoint), digest("default"));
      strictEqual(hex((await handshake(credentials, "-servername", "other.test")).endPoint), digest("other"));
    },
  });
} finally {
  made.remove();
}
