/** Row 143: the PROXY header comes before TLS, implicit or by STARTTLS, on each runtime and however it is cut. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Buffer } from "node:buffer";
import { connect as connectInClear, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { ServeOptions, Session } from "postern";
import * as haproxy from "../clients/haproxy.ts";
import * as nodemailer from "../clients/nodemailer.ts";
import { Runtime, runtimeNames, type Served } from "../runtime.ts";
import { Certificates, missing } from "../tls/certificates.ts";
import { WireClient } from "../wire.ts";
import { headerV2 } from "./header.ts";
import { until } from "../conformance/limits.ts";

setDefaultTimeout(30_000);

if (missing !== undefined) console.log(`skipped: ${missing}`);
const hasHaproxy = await haproxy.available();

const message = { from: "a@x.test", to: ["b@y.test"], data: "Subject: hello\r\n\r\nhello\r\n" };

/** How the header reaches the server: before all else, or in one segment with the client's first bytes, or in single ones. */
type Cut = "in a segment of its own" | "in one segment with the handshake" | "byte by byte";

/** A connection on which a header is sent first, and then a handshake made. */
async function proxied(port: number, cut: Cut, options: ConnectionOptions = {}): Promise<WireClient> {
  const socket = connectInClear({ port, host: "127.0.0.1" });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  socket.setNoDelay(true);
  const header = headerV2({ tlvs: [[5, "id-1"]], checksum: true });
  let before: Uint8Array = new Uint8Array(0);
  if (cut === "in one segment with the handshake") before = header;
  else if (cut === "in a segment of its own") socket.write(header);
  else {
    for (const byte of header) {
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const encrypted = connect({ socket: preceded(socket, before), rejectUnauthorized: false, ...options });
  await new Promise((resolve, reject) => {
    encrypted.once("secureConnect", resolve).once("error", reject);
    encrypted.once("close", () => reject(new Error("The server closed the connection during the handshake")));
  });
  return WireClient.over(encrypted as TLSSocket);
}

/** The same stream, but what is written first leaves together with `before`. */
function preceded(socket: Socket, before: Uint8Array): Duplex {
  let first = before;
  const stream = new Duplex({
    read(): void {
      socket.resume();
    },
    write(bytes: Uint8Array, _, done): void {
      socket.write(Buffer.concat([first, bytes]), () => done());
      first = new Uint8Array(0);
    },
    final: (done) => void socket.end(done),
  });
  socket.on("data", (bytes) => stream.push(bytes)).on("end", () => stream.push(null));
  socket.on("close", () => stream.destroy());
  return stream;
}

describe.skipIf(missing !== undefined)("PROXY before TLS", () => {
  const made = missing === undefined ? new Certificates() : (undefined as never);
  beforeAll(() => {
    made.server("default", "mx.test");
    made.sign("client", "/CN=client", "subjectAltName=email:a@client.test\n");
    made.sign("stranger", "/CN=client", "subjectAltName=email:a@client.test\n", "strange-ca");
  });
  afterAll(() => made.remove());

  describe.each(runtimeNames)("%s", (name) => {
    let runtime: Runtime;
    let served: Served | undefined;
    beforeAll(async () => void (runtime = await Runtime.start(name)));
    afterAll(async () => await runtime[Symbol.asyncDispose]());

    async function serve(options: ServeOptions): Promise<number> {
      await served?.close(0);
      served = await runtime.serve("sessions", { tls: made.of("default"), proxyProtocol: ["127.0.0.1"], ...options });
      return served.port;
    }

    async function deliver(client: WireClient, size = 0): Promise<Session> {
      for (const line of ["EHLO client.test", "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>", "DATA"]) {
        expect((await client.command(line)).code).toBeLessThan(400);
      }
      expect(await client.command(`Subject: x\r\n\r\n${"0123456789abcde\r\n".repeat(size)}.`)).toMatchObject({
        code: 250,
      });
      expect(await client.command("QUIT")).toMatchObject({ code: 221 });
      await client.closed();
      const [delivered] = (await served!.deliveries()).filter(({ recipient }) => recipient !== "connect");
      expect(delivered!.size).toBeGreaterThanOrEqual(size * 17);
      return JSON.parse(delivered!.content!);
    }

    for (const cut of ["in a segment of its own", "in one segment with the handshake", "byte by byte"] as const) {
      test(`143 implicit TLS, the header ${cut}`, async () => {
        const client = await proxied(await serve({ implicitTls: true }), cut, { servername: "mx.test" });
        expect(await client.reply()).toMatchObject({ code: 220 });
        const session = await deliver(client, 20_000);
        expect(session).toMatchObject({
          remote: { address: "192.0.2.1", port: 56324 },
          local: { address: "198.51.100.7", port: 25 },
          protocol: "ESMTPS",
          tls: { protocol: "TLSv1.3", serverName: "mx.test" },
          proxy: { namesClient: true },
        });
      });
    }

    test.each([["client", true], ["stranger", false]] as const)(
      "143 the certificate of the %s behind the header is verified: %p",
      async (who, verified) => {
        const tls = { ...made.of("default"), requestCert: true, ca: [made.pem("ca")] };
        const options = { cert: made.pem(who), key: made.key(who) };
        const client = await proxied(
          await serve({ implicitTls: true, tls }),
          "in one segment with the handshake",
          options,
        );
        await client.reply();
        const { peerCertificate } = (await deliver(client)).tls!;
        expect(peerCertificate).toMatchObject({ altNames: ["email:a@client.test"], verified });
      },
    );

    test("100 143 what is no handshake behind the header ends that connection alone, in one segment with it", async () => {
      const port = await serve({ implicitTls: true });
      const garbage = [
        "EHLO client.test\r\n",
        "\x15\x03\x01\x00\x02\x02\x28",
        "\x16\x03\x01\x00\x00",
        "\x80\x2e\x01\x00\x02",
      ];
      for (const text of garbage) {
        const client = WireClient.over(connectInClear({ port, host: "127.0.0.1" }));
        client.write(Buffer.concat([headerV2(), Buffer.from(text, "latin1")]));
        client.socket.end();
        await client.closed();
      }
      await until(async () => await served!.sessions() === 0);
      const client = await proxied(port, "in one segment with the handshake");
      expect(await client.reply()).toMatchObject({ code: 220 });
      client.destroy();
    });

    test("74 144 nothing of an XCLIENT in the clear is left under TLS", async () => {
      const port = await serve({ proxyProtocol: [], xclient: ["127.0.0.1"] });
      const socket = connectInClear({ port, host: "127.0.0.1" });
      const client = WireClient.over(socket);
      await client.reply();
      const claims = "LOGIN=admin ADDR=203.0.113.9 NAME=mitm.test";
      expect(await client.command(`XCLIENT ${claims}`)).toMatchObject({ code: 220 });
      expect(await client.command("STARTTLS")).toMatchObject({ code: 220 });
      socket.removeAllListeners("data");
      const encrypted = connect({ socket, rejectUnauthorized: false });
      await new Promise((resolve, reject) => encrypted.once("secureConnect", resolve).once("error", reject));
      const inside = WireClient.over(encrypted);
      // Claims are added to those before them.
      expect(await inside.command("XCLIENT HELO=client.test")).toMatchObject({ code: 220 });
      const session = await deliver(inside);
      expect(session.remote).toMatchObject({ address: "127.0.0.1" });
      expect([session.remote.name, session.user]).toEqual([undefined, undefined]);
    });

    test("143 STARTTLS behind the header", async () => {
      const port = await serve({});
      const socket = connectInClear({ port, host: "127.0.0.1" });
      const client = WireClient.over(socket);
      client.write(headerV2());
      expect(await client.reply()).toMatchObject({ code: 220 });
      expect((await client.command("EHLO client.test")).lines).toContain("STARTTLS");
      expect(await client.command("STARTTLS")).toMatchObject({ code: 220 });
      socket.removeAllListeners("data");
      const encrypted = connect({ socket, rejectUnauthorized: false });
      await new Promise((resolve, reject) => encrypted.once("secureConnect", resolve).once("error", reject));
      const session = await deliver(WireClient.over(encrypted));
      expect(session).toMatchObject({ remote: { address: "192.0.2.1" }, protocol: "ESMTPS" });
    });

    test("143 a handshake without a header is not answered", async () => {
      const port = await serve({ implicitTls: true });
      const socket = connectInClear({ port, host: "127.0.0.1" });
      const encrypted = connect({ socket, rejectUnauthorized: false });
      const outcome = await new Promise((resolve) => {
        encrypted.once("secureConnect", () => resolve("shaken")).once("error", () => resolve("closed"));
        encrypted.once("close", () => resolve("closed"));
      });
      expect(outcome).toBe("closed");
    });

    test("143 who never shakes hands behind the header is dropped", async () => {
      const port = await serve({ implicitTls: true, timeouts: { handshake: 200 } });
      const client = WireClient.over(connectInClear({ port, host: "127.0.0.1" }));
      client.write(headerV2());
      expect(await client.closed()).toEqual([]);
      await until(async () => await served!.sessions() === 0);
    });

    test.skipIf(!hasHaproxy)("143 HAProxy before implicit TLS", async () => {
      const port = await serve({ implicitTls: true });
      await using front = await haproxy.startHaproxy({ to: { host: "127.0.0.1", port }, proxy: 2, tlvs: ["crc32c"] });
      for (let count = 0; count < 5; count++) {
        expect(await nodemailer.send(front, message, { tls: "implicit" })).toMatchObject({ code: 0 });
      }
      const sessions = (await served!.deliveries()).filter(({ recipient }) => recipient === "b@y.test");
      expect(sessions).toHaveLength(5);
      await served!.close(0);
      served = undefined;
    });
  });
});
