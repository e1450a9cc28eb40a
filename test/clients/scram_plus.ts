/**
 * A login by SCRAM that is bound to its TLS connection, by either of the two bindings that TLS 1.3 has. No program that
 * can be installed binds by tls-server-end-point, so that this one is the tests' own.
 *
 * @module
 */

import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { TLSSocket } from "node:tls";
import { answer } from "../sasl/scram-client.ts";
import { implicitTls, startTls } from "../tls/client.ts";

export interface BoundLogin {
  readonly mechanism: "SCRAM-SHA-1-PLUS" | "SCRAM-SHA-256-PLUS";
  readonly type: "tls-server-end-point" | "tls-exporter";
  readonly password: string;
  readonly ca: string;
  readonly implicit: boolean;
  /** Binds to another connection than its own, as one does who sits in between. */
  readonly forge?: boolean;
}

/** Logs Alice in; gives the server's last reply. */
export async function bindChannel(port: number, login: BoundLogin): Promise<string> {
  const { mechanism, type, password, ca, implicit, forge } = login;
  const trust = { ca: readFileSync(ca), servername: "localhost", rejectUnauthorized: true };
  const client = implicit ? await implicitTls(port, trust) : await startTls(port, trust);
  try {
    if (implicit) await client.reply();
    // Offered or not: by tls-server-end-point alone `-PLUS` is not named, and taken all the same.
    await client.command("EHLO client.test");
    const bindingData = bindingOf(client.socket as TLSSocket, type);
    if (forge) bindingData[0]! ^= 1;
    const gs2Header = `p=${type},,`;
    const firstBare = `n=alice,r=${crypto.randomUUID()}`;
    const first = await client.command(`AUTH ${mechanism} ${btoa(gs2Header + firstBare)}`);
    if (first.code !== 334) return first.raw;
    const hash = mechanism.includes("256") ? "sha256" : "sha1";
    const scram = { hash, password, gs2Header, firstBare, bindingData } as const;
    const { final, verifier } = answer(scram, atob(first.raw.slice(4).trim()));
    const last = await client.command(btoa(final));
    if (last.code !== 334) return last.raw;
    if (atob(last.raw.slice(4).trim()) !== verifier) throw new Error("The server does not know the password itself");
    return (await client.command("")).raw;
  } finally {
    client.destroy();
  }
}

function bindingOf(socket: TLSSocket, type: BoundLogin["type"]): Uint8Array {
  if (type === "tls-exporter") return socket.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0));
  // Of the tests' certificates, which are signed with ecdsa-with-SHA256 (RFC 5929 section 4.1).
  const { raw } = new X509Certificate(socket.getPeerCertificate().raw);
  return createHash("sha256").update(raw).digest();
}
