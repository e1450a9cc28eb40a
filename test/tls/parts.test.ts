/** The parts of TLS that need no second runtime. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { copyFileSync } from "node:fs";
import { createServer } from "node:net";
import { Postern, type ServeOptions, type TlsOptions, watchTls } from "postern";
import { serve } from "postern/bun";
import { NodeSocket } from "../../adapters/node/socket.ts";
import { type Listen, start } from "../../src/server.ts";
import { identityFor, loadCredentials } from "../../src/tls/credentials.ts";
import { elements, objectIdentifier } from "../../src/tls/der.ts";
import { certificateNames } from "../../src/tls/names.ts";
import { filesOf } from "../../src/tls/watch.ts";
import { type Elsewhere, runElsewhere } from "../elsewhere.ts";
import { Certificates, missing } from "./certificates.ts";
import { RawClient } from "./client.ts";

test.each([
  ["tls that is not there", { implicitTls: true }, "with implicitTls: tls has no certificate"],
  ["tls that is not there", { requireTls: true }, "with requireTls: tls has no certificate"],
  ["tls that is not there", { listeners: [{ port: 587, submission: true }] }, "port 587 with submission"],
  ["no listener", { listeners: [] }, "listeners is empty"],
  ["two ways to say where", { port: 25, listeners: [{ port: 26 }] }, "put it into the list"],
  ["no port", { listeners: [{ port: 70_000 }] }, "70000"],
  ["half of a certificate", { tls: { cert: "-----BEGIN" } as TlsOptions }, "tls.key"],
  ["an old version", { tls: { cert: "", key: "", minVersion: "TLSv1" } as never }, '"TLSv1.2" or "TLSv1.3"'],
  ["a bad name", { tls: { cert: "", key: "", sni: { "a_b!": { cert: "", key: "" } } } }, "tls.sni has host names"],
])("a server does not start with %s: %j", async (_, options: ServeOptions, message) => {
  await expect(serve(new Postern(), options)).rejects.toThrow(message);
});

test("the files that options name", () => {
  const pem = "-----BEGIN CERTIFICATE-----";
  const options = { cert: "a", key: "b", ca: [pem, "c"], sni: { "x.test": { cert: "a", key: "d" } } };
  expect(filesOf(options)).toEqual(["a", "b", "d", "c"]);
});

test.each([[""], ["30"], ["3005aa"], ["3084ffffffff"], ["3080"], ["02"]])("DER that does not add up: %s", (hex) => {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (octet) => parseInt(octet, 16));
  if (hex === "") expect(elements(bytes)).toEqual([]);
  else if (hex === "30" || hex === "02") expect(() => elements(Uint8Array.of(...bytes, 1))).toThrow(RangeError);
  else expect(() => elements(bytes)).toThrow(RangeError);
  expect(() => certificateNames(bytes)).toThrow(RangeError);
});

test("object identifiers", () => {
  expect(objectIdentifier(Uint8Array.of(0x55, 0x04, 0x03))).toBe("2.5.4.3");
  expect(objectIdentifier(Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1))).toBe("1.2.840.113549.1.9.1");
  expect(objectIdentifier(Uint8Array.of(0x88, 0x37, 0x03))).toBe("2.999.3");
});

describe.skipIf(missing !== undefined)("with certificates", () => {
  const made = missing === undefined ? new Certificates() : (undefined as never);

  beforeAll(() => {
    made.server("one", "mx.test");
    made.server("two", "mx.test");
    const names = "subjectAltName=DNS:a.test,email:x@y.test,URI:spiffe://a/b,IP:192.0.2.1,IP:2001:db8::1\n";
    made.sign("names", '/C=DE/O=A\\+B "C" <D>; E/OU=#1/emailAddress=x@y.test/CN=Łódź', names);
  });
  afterAll(() => made.remove());

  test("names are read as RFC 4514 writes them", () => {
    const { raw } = new X509Certificate(made.pem("names"));
    expect(certificateNames(raw)).toEqual({
      subject: expect.stringContaining('O=A\\+B \\"C\\" \\<D\\>\\; E,C=DE'),
      altNames: [
        "DNS:a.test",
        "email:x@y.test",
        "URI:spiffe://a/b",
        "IP Address:192.0.2.1",
        "IP Address:2001:db8:0:0:0:0:0:1",
      ],
    });
    for (let length = 0; length < raw.length; length += 7) {
      expect(() => certificateNames(raw.subarray(0, length))).toThrow(RangeError);
    }
  });

  test("whoever asks for a name gets the nearest certificate", async () => {
    const sni = { "Mx.Other.Test": made.of("two"), "*.wild.test": made.of("two") };
    const set = await loadCredentials({ ...made.of("one"), sni });
    const names = ["mx.other.test", "MX.OTHER.TEST", "a.wild.test", "wild.test", "a.b.wild.test", "", undefined];
    expect(names.map((name) => identityFor(set, name) !== set.fallback)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  test("a renewed certificate is noticed, once it has settled", async () => {
    const files = { cert: `${made.folder}/live.pem`, key: `${made.folder}/live.key` };
    const copy = (name: string) => {
      copyFileSync(made.of(name).cert, files.cert);
      copyFileSync(made.of(name).key, files.key);
    };
    copy("one");
    let calls = 0;
    let noticed: () => void;
    const change = new Promise<void>((resolve) => noticed = resolve);
    using watch = watchTls(files, () => {
      calls++;
      noticed();
    }, 20);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(calls).toBe(0);
    copy("two");
    await change;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(calls).toBe(1);
    watch.close();
  });

  describe("on a runtime that has no TLS", () => {
    /** Sockets without `startTls`, which is how such a runtime would look. */
    const listen: Listen = ({ port, hostname }, accept) => {
      const server = createServer({ allowHalfOpen: true }, (socket) => accept(new NodeSocket(socket, undefined)));
      return new Promise((resolve) => {
        server.listen(port, hostname, () => {
          const bound = server.address() as { port: number };
          resolve({ port: bound.port, hostname, close: () => void server.close() });
        });
      });
    };

    test("STARTTLS is not offered, and mail still comes in", async () => {
      const app = new Postern();
      let connections = 0;
      app.connect((c) => {
        connections++;
        return c.body(null, 204);
      });
      const server = await start(app, { port: 0, hostname: "127.0.0.1", tls: made.of("one") }, listen);
      expect(connections).toBe(0);
      const raw = await RawClient.connect(server.port);
      raw.write("EHLO a\r\n");
      expect((await raw.replies(2))[1]).not.toContain("STARTTLS");
      raw.write("STARTTLS\r\n");
      expect((await raw.replies(1))[0]).toMatch(/^502 5\.5\.1/);
      raw.socket.destroy();
      await server.close({ grace: 0 });
    });

    test.each([{ requireTls: true }, { implicitTls: true }, { submission: true }])(
      "%j does not start",
      async (needs) => {
        const options = { port: 0, hostname: "127.0.0.1", tls: made.of("one"), ...needs };
        await expect(start(new Postern(), options, listen)).rejects.toThrow("could not shake hands with itself");
      },
    );
  });

  describe("channel bindings are the client's", () => {
    test("on bun", async () => {
      const child = Bun.spawn([process.execPath, "test/tls/binding.ts"], { stdout: "pipe", stderr: "inherit" });
      expect(await new Response(child.stdout).text()).toContain("3 passed, 0 failed");
    }, 30_000);

    test.each<Elsewhere>(["deno", "node"])("on %s", async (runtime) => {
      const { output } = await runElsewhere(runtime, "test/tls/binding.ts");
      expect(output).toContain("3 passed, 0 failed");
    }, 60_000);
  });
});
