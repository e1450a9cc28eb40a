/** TLS on every runtime, over real connections: part E of the conformance table, certificates, and what goes wrong. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import type { ServeOptions, Session } from "postern";
import { Runtime, runtimeNames, type Served } from "../runtime.ts";
import type { WireClient } from "../wire.ts";
import { Certificates, missing } from "./certificates.ts";
import { implicitTls, openssl, RawClient, shaken, shownName, startTls } from "./client.ts";

if (missing !== undefined) console.warn(missing);
else if (spawnSync("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"]).status !== 0) {
  throw new Error("Cannot build dist/ for Node");
}

describe.skipIf(missing !== undefined)("TLS", () => {
  const made = missing === undefined ? new Certificates() : (undefined as never);

  beforeAll(() => {
    made.server("default", "mx.test");
    made.server("exact", "mx.other.test");
    made.server("wild", "*.wild.test");
    made.server("newer", "mx.test");
    made.encryptKey("default", "open sesame");
    const mail = "subjectAltName=email:a@client.test,DNS:client.test\n";
    made.sign("client", "/C=DE/O=Example, Inc/CN=client", mail);
    made.sign("stranger", "/CN=client", mail, "strange-ca");
    made.sign("expired", "/CN=client", mail, "ca", "-1");
    made.sign("no-client", "/CN=client", `${mail}extendedKeyUsage=serverAuth\n`);
    made.sign("tricky", "/CN=client", 'subjectAltName=@names\n[names]\nemail.1="a@b, DNS:evil.test"\n');
    made.steal("thief", "client");
  });
  afterAll(() => made.remove());

  describe.each(runtimeNames)("%s", (name) => {
    let runtime: Runtime;
    let served: Served | undefined;

    beforeAll(async () => {
      runtime = await Runtime.start(name);
    });
    afterAll(async () => await runtime[Symbol.asyncDispose]());

    async function serve(options: ServeOptions = {}): Promise<Served> {
      await served?.close(0);
      return served = await runtime.serve("sessions", { tls: made.of("default"), ...options });
    }

    async function deliver(client: WireClient): Promise<void> {
      for (const line of ["EHLO client.test", "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>", "DATA"]) {
        const reply = await client.command(line);
        expect(reply.code).toBeLessThan(400);
      }
      expect(await client.command("Subject: x\r\n\r\nx\r\n.")).toMatchObject({ code: 250 });
    }

    /** The session of the one message that was delivered. */
    async function session(server: Served): Promise<Session> {
      const [content, ...more] = (await server.deliveries()).filter(({ recipient }) => recipient !== "connect");
      expect(more).toEqual([]);
      return JSON.parse(content!.content!);
    }

    async function gone(server: Served): Promise<void> {
      while (await server.sessions() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }

    test("88: the end of TLS in the middle of a chunk delivers nothing, and harms nobody", async () => {
      for (const how of ["end", "destroy"] as const) {
        const server = await serve();
        const client = await startTls(server.port);
        for (const line of ["EHLO client.test", "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>"]) {
          expect((await client.command(line)).code).toBe(250);
        }
        client.write("BDAT 5\r\n12345");
        expect((await client.reply()).raw).toBe("250 2.0.0 Ok: 5 octets");
        client.write("BDAT 10 LAST\r\n12345");
        client[how]();
        await gone(server);
        expect((await server.deliveries()).filter(({ recipient }) => recipient !== "connect")).toEqual([]);
      }
    });

    describe("STARTTLS", () => {
      test("96: in one segment, what follows is never a command: the client is sent away", async () => {
        const raw = await RawClient.connect((await serve()).port);
        raw.write("EHLO a\r\n");
        await raw.replies(2);
        raw.write("STARTTLS\r\nMAIL FROM:<evil@b.test>\r\n");
        expect(await raw.replies(1)).toEqual([expect.stringMatching(/^554 5\.5\.0/)]);
        expect(await raw.end()).toBe("");
      });

      test.each(["MAIL FROM:<evil@b.test>\r\n", "NOOP\r\n", "NOO", "EHLO evil.test\r\nMAIL FROM:<x@y.test>\r\nRC"])(
        "96, 97: or it is dropped: %j",
        async (injected) => {
          const raw = await RawClient.connect((await serve({ pipelining: "lenient" })).port);
          raw.write("EHLO a\r\n");
          await raw.replies(2);
          raw.write(`STARTTLS\r\n${injected}`);
          expect(await raw.replies(1)).toEqual([expect.stringMatching(/^220/)]);
          const client = await raw.startTls();
          expect(await client.command("P")).toMatchObject({ code: 500, enhanced: "5.5.2" });
          expect(await client.command("MAIL FROM:<a@b.test>")).toMatchObject({ code: 503 });
          await deliver(client);
          expect(await session(served!)).toMatchObject({ helo: "client.test", protocol: "ESMTPS" });
          client.destroy();
        },
      );

      test("96: in segments of their own, commands get no reply", async () => {
        const raw = await RawClient.connect((await serve()).port);
        raw.write("EHLO a\r\n");
        await raw.replies(2);
        raw.write("STARTTLS\r\n");
        await new Promise((resolve) => setImmediate(resolve));
        raw.write("NOOP\r\n");
        await new Promise((resolve) => setImmediate(resolve));
        raw.write("MAIL FROM:<evil@b.test>\r\n");
        const [reply] = await raw.replies(1);
        expect(reply).toMatch(/^(?:220|554)/);
        // An alert of TLS, perhaps, but no word.
        raw.socket.end();
        expect(await raw.end()).not.toMatch(/\d{3}[ -]/);
        await gone(served!);
        expect((await served!.deliveries()).filter(({ recipient }) => recipient !== "connect")).toEqual([]);
      });

      test("96, 102: right behind the client's hello, commands get no reply", async () => {
        const raw = await RawClient.connect((await serve()).port);
        raw.write("EHLO a\r\n");
        await raw.replies(2);
        raw.write("STARTTLS\r\n");
        await raw.replies(1);
        // In TLS 1.3 a client is done before the server knows what comes behind the hello.
        const client = await raw.startTls({}, "EHLO evil.test\r\nNOOP\r\n").catch(() => undefined);
        expect(await client?.closed() ?? []).toEqual([]);
        raw.socket.destroy();
        await gone(served!);
      });

      test("98: a transaction that was begun in the clear is over, and so is EHLO", async () => {
        const raw = await RawClient.connect((await serve()).port);
        raw.write("EHLO evil.test\r\n");
        await raw.replies(2);
        raw.write("MAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nSTARTTLS\r\n");
        expect((await raw.replies(3)).map((reply) => reply.slice(0, 3))).toEqual(["250", "250", "220"]);
        const client = await raw.startTls();
        expect(await client.command("RCPT TO:<c@d.test>")).toMatchObject({ code: 503, enhanced: "5.5.1" });
        expect(await client.command("DATA")).toMatchObject({ code: 503, enhanced: "5.5.1" });
        expect(await client.command("MAIL FROM:<a@b.test>")).toMatchObject({ code: 503, enhanced: "5.5.1" });
        await client.command("HELO again.test");
        await deliver(client);
        const { helo, protocol, tls, locals } = await session(served!);
        expect({ helo, protocol, locals }).toEqual({
          helo: "client.test",
          protocol: "ESMTPS",
          locals: { saidHelo: "client.test" },
        });
        expect(tls).toMatchObject({ protocol: "TLSv1.3", cipher: expect.stringMatching(/^TLS_/) });
        client.destroy();
      });

      test("99: where it cannot be carried out", async () => {
        const raw = await RawClient.connect((await serve()).port);
        raw.write("STARTTLS now\r\n");
        expect((await raw.replies(2))[1]).toMatch(/^501 5\.5\.4/);
        raw.socket.destroy();
        const client = await startTls(served!.port);
        expect(await client.command("STARTTLS")).toMatchObject({ code: 554, enhanced: "5.5.1" });
        client.destroy();
        const plain = await runtime.serve("sessions");
        const other = await RawClient.connect(plain.port);
        other.write("EHLO a\r\n");
        expect((await other.replies(2))[1]).not.toContain("STARTTLS");
        other.write("STARTTLS\r\n");
        expect((await other.replies(1))[0]).toMatch(/^502 5\.5\.1/);
        other.socket.destroy();
        await plain.close(0);
      });

      test("99: it needs no EHLO before it", async () => {
        const raw = await RawClient.connect((await serve()).port);
        raw.write("STARTTLS\r\n");
        expect((await raw.replies(2))[1]).toMatch(/^220 2\.0\.0/);
        const client = await raw.startTls();
        await deliver(client);
        client.destroy();
      });

      test("101: EHLO offers it in the clear, and not any more afterwards", async () => {
        const raw = await RawClient.connect((await serve()).port);
        raw.write("EHLO a\r\n");
        expect((await raw.replies(2))[1]).toContain("250-STARTTLS\r");
        raw.write("STARTTLS\r\n");
        await raw.replies(1);
        const client = await raw.startTls();
        expect((await client.command("EHLO a")).lines).not.toContain("STARTTLS");
        client.destroy();
      });

      test("104: where TLS is required, mail in the clear is refused", async () => {
        const raw = await RawClient.connect((await serve({ requireTls: true })).port);
        const lines = [
          "NOOP",
          "EHLO a",
          "MAIL FROM:<a@b.test>",
          "RCPT TO:<c@d.test>",
          "VRFY a",
          "XYZZY",
          "HELP",
          "RSET",
        ];
        const codes: string[] = [];
        await raw.replies(1);
        for (const line of [...lines, "DATA"]) {
          raw.write(`${line}\r\n`);
          codes.push((await raw.replies(1))[0]!.replace(/^(?:250-[^\n]*\n)+/, "").slice(0, 9));
        }
        const refused = "530 5.7.0";
        expect(codes.map((code) => code.slice(0, 3))).toEqual("250 250 530 530 530 530 214 250 530".split(" "));
        expect(codes[2]).toBe(refused);
        raw.write("STARTTLS\r\n");
        await raw.replies(1);
        const client = await raw.startTls();
        await deliver(client);
        client.destroy();
      });

      test("105: mail that was sent whole is delivered, though the client hangs up without a word", async () => {
        const client = await startTls((await serve()).port);
        for (const line of ["EHLO client.test", "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>", "DATA"]) {
          await client.command(line);
        }
        const { socket } = client;
        await new Promise((resolve) => socket.write("Subject: x\r\n\r\nx\r\n.\r\n", resolve));
        await new Promise((resolve) => setTimeout(resolve, 50));
        client.destroy();
        await gone(served!);
        expect(await session(served!)).toMatchObject({ protocol: "ESMTPS" });
      });
    });

    describe("bytes", () => {
      test("eight megabytes come through as they are", async () => {
        const client = await startTls((await serve()).port);
        for (const line of ["EHLO client.test", "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>", "DATA"]) {
          await client.command(line);
        }
        const lines = Array.from({ length: 120_000 }, (_, index) => `${index} ${"x".repeat(60)}\r\n`).join("");
        const message = `Subject: x\r\n\r\n${lines}`;
        expect(await client.command(`${message}.`)).toMatchObject({ code: 250 });
        const [delivered] = (await served!.deliveries()).filter(({ recipient }) => recipient !== "connect");
        expect(delivered).toMatchObject({ sha256: createHash("sha256").update(message).digest("hex") });
        client.destroy();
      });

      test("commands sent together are answered together, a thousand of them", async () => {
        const client = await startTls((await serve()).port);
        await client.command("EHLO client.test");
        client.write(`MAIL FROM:<a@b.test>\r\n${"RCPT TO:<c@d.test>\r\n".repeat(1000)}QUIT\r\n`);
        const replies = await client.closed();
        expect(replies).toHaveLength(1002);
        expect(replies.at(-1)).toMatchObject({ code: 221 });
      });

      test("a client that reads nothing is held back, and let go when it is over", async () => {
        const raw = await RawClient.connect((await serve({ timeouts: { block: 500 } })).port);
        raw.write("STARTTLS\r\n");
        await raw.replies(2);
        const client = await raw.startTls();
        await client.command("EHLO client.test");
        client.socket.pause();
        raw.socket.pause();
        client.write(`MAIL FROM:<a@b.test>\r\n${"RCPT TO:<c@d.test>\r\n".repeat(600_000)}`);
        await gone(served!);
        client.destroy();
        raw.socket.destroy();
      }, 30_000);
    });

    describe("handshakes", () => {
      test("100: after the 220, garbage gets not one word in the clear", async () => {
        await serve();
        for (const garbage of ["NOOP\r\n", "\x16\x03\x01\x00\x05hello", "\x80\x2e\x01\x00\x02", "\0".repeat(4000)]) {
          const raw = await RawClient.connect(served!.port);
          raw.write("STARTTLS\r\n");
          await raw.replies(2);
          raw.write(garbage);
          raw.socket.end();
          expect(await raw.end()).not.toMatch(/\d{3}[ -]/);
        }
        await gone(served!);
      });

      test("100: TLS 1.1 is not spoken", async () => {
        const { port } = await serve();
        const old = ["-connect", `127.0.0.1:${port}`, "-starttls", "smtp", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
        expect(await openssl(old, [])).toContain("Cipher is (NONE)");
        const recent = ["-connect", `127.0.0.1:${port}`, "-starttls", "smtp", "-tls1_2"];
        expect(await openssl(recent, [])).toMatch(/New, TLSv1\.2, Cipher is ECDHE/);
        await gone(served!);
      });

      test("TLS 1.3 can be the oldest version", async () => {
        const { port } = await serve({ tls: { ...made.of("default"), minVersion: "TLSv1.3" } });
        const at = ["-connect", `127.0.0.1:${port}`, "-starttls", "smtp"];
        expect(await openssl([...at, "-tls1_2"], [])).toContain("Cipher is (NONE)");
        expect(await openssl([...at, "-tls1_3"], [])).toContain("New, TLSv1.3");
      });

      test("100: those left half-open end by their deadline, three hundred of them, and leave nothing", async () => {
        const { port } = await serve({ maxConnectionsPerAddress: 1000, timeouts: { handshake: 300 } });
        async function round(): Promise<void> {
          const clients = await Promise.all(Array.from({ length: 100 }, async (_, index) => {
            const raw = await RawClient.connect(port);
            raw.write("STARTTLS\r\n");
            await raw.replies(2);
            // Some say nothing, some begin a record and never end it.
            if (index % 2 === 0) raw.write("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
            return raw;
          }));
          for (const raw of clients) expect(await raw.end()).not.toMatch(/\d{3}[ -]/);
          await gone(served!);
        }
        await round();
        const before = await runtime.memory();
        await round();
        await round();
        expect(await runtime.memory() - before).toBeLessThan(24 * 1024 * 1024);
        const client = await startTls(port);
        await deliver(client);
        client.destroy();
      });

      test("a handshake does not hold up the server's end", async () => {
        const raw = await RawClient.connect((await serve()).port);
        raw.write("STARTTLS\r\n");
        await raw.replies(2);
        await served!.close(10_000);
        served = undefined;
        expect(await raw.end()).not.toMatch(/\d{3}[ -]/);
      });

      test("103: a client that asks for renegotiation loses its connection, and nobody else notices", async () => {
        const { port } = await serve();
        const at = ["-connect", `127.0.0.1:${port}`, "-starttls", "smtp", "-tls1_2"];
        const ok = /^250 2\.0\.0/m;
        const output = await openssl(at, [[shaken, "NOOP\r\n"], [ok, "R\n"], [/RENEGOTIATING/, "NOOP\r\n"], [ok, ""]]);
        expect(output).toContain("RENEGOTIATING");
        expect(output.match(/^250 2\.0\.0/gm)).toHaveLength(1);
        await gone(served!);
        const client = await startTls(port);
        await deliver(client);
        client.destroy();
      });

      test("an earlier session is taken up again, even where clients are asked for a certificate", async () => {
        const tls = { ...made.of("default"), requestCert: true, ca: made.of("ca").cert };
        const { port } = await serve({ tls, pipelining: "lenient" });
        const { cert, key } = made.of("client");
        for (const version of ["-tls1_2", "-tls1_3"]) {
          const at = ["-connect", `127.0.0.1:${port}`, "-starttls", "smtp", version, "-cert", cert, "-key", key];
          const file = `${made.folder}/session${version}`;
          await openssl([...at, "-sess_out", file], [[300, "NOOP\r\n"], [300, ""]]);
          const transaction = "EHLO a\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n";
          const message = "Subject: x\r\n\r\nx\r\n.\r\n";
          const again = await openssl([...at, "-sess_in", file], [[300, transaction], [300, message], [300, ""]]);
          expect(again).toContain("Reused, TLSv1.");
          expect((await session(served!)).tls?.peerCertificate).toMatchObject({ verified: true });
        }
      });
    });

    describe("certificates", () => {
      const sni = () => ({ "mx.other.test": made.of("exact"), "*.wild.test": made.of("wild") });

      test.each([
        ["mx.other.test", "exact"],
        ["MX.Other.TEST", "exact"],
        ["a.wild.test", "wild"],
        ["a.b.wild.test", "default"],
        ["wild.test", "default"],
        ["mx.test", "default"],
      ])("whoever asks for %s is shown the one of %s", async (servername, shown) => {
        if (served === undefined || !("sni" in served)) {
          served = Object.assign(await serve({ tls: { ...made.of("default"), sni: sni() } }), { sni: true });
        }
        const client = await startTls(served.port, { servername });
        expect(shownName(client)).toBe(shown);
        await deliver(client);
        expect((await session(served)).tls?.serverName?.toLowerCase()).toBe(servername.toLowerCase());
        client.destroy();
      });

      test("PEM text will do as well as files, and a passphrase opens a key", async () => {
        const key = made.of("default").key.replace(".key", ".encrypted.key");
        await serve({ tls: { cert: made.pem("default"), key, passphrase: "open sesame" } });
        const client = await startTls(served!.port);
        expect(shownName(client)).toBe("default");
        client.destroy();
      });

      test("newer ones are taken without an end to any session, and bad ones are not taken", async () => {
        const { port } = await serve();
        const living = await startTls(port);
        const idle = await RawClient.connect(port);
        await idle.replies(1);
        await served!.reload(made.of("newer"));
        const fresh = await startTls(port);
        expect(shownName(fresh)).toBe("newer");
        await deliver(living);
        const mismatched = { cert: made.of("default").cert, key: made.of("newer").key };
        for (const bad of [mismatched, { cert: "/nowhere.pem", key: "/nowhere.key" }]) {
          await expect(served!.reload(bad)).rejects.toThrow("Cannot");
        }
        idle.write("STARTTLS\r\n");
        await idle.replies(1);
        const late = await idle.startTls();
        expect(shownName(late)).toBe("newer");
        for (const client of [living, fresh, late]) client.destroy();
      });

      test.each([
        ["a file that is not there", () => ({ cert: "/nowhere.pem", key: "/nowhere.key" }), "there is no such file"],
        ["no PEM", () => ({ ...made.of("default"), cert: "/etc/hostname" }), "it holds no certificate"],
        ["no key", () => ({ ...made.of("default"), key: made.of("default").cert }), "it holds no private key"],
        ["another's key", () => ({ ...made.of("default"), key: made.of("exact").key }), "does not belong"],
        [
          "a torn certificate",
          () => ({ ...made.of("default"), cert: made.pem("default").replace(/\n.{20}/, "\n") }),
          "cannot be read",
        ],
        [
          "the wrong passphrase",
          () => ({
            cert: made.of("default").cert,
            key: made.of("default").key.replace(".key", ".encrypted.key"),
            passphrase: "wrong secret",
          }),
          "the passphrase does not open the key",
        ],
      ])("a server does not start with %s", async (_, tls, message) => {
        const failure = await serve({ tls: tls() }).catch((error: Error) => error.message);
        served = undefined;
        expect(failure).toContain(message);
        expect(failure).not.toContain("secret");
      });
    });

    describe("client certificates", () => {
      async function sessionWith(options: object, requestCert = true): Promise<Session> {
        const tls = { ...made.of("default"), requestCert, ca: [made.pem("ca")] };
        const client = await startTls((await serve({ tls })).port, options);
        await deliver(client);
        client.destroy();
        return await session(served!);
      }
      const shown = (name: string) => ({ cert: made.pem(name), key: made.key(name) });

      test.each([
        ["client", true],
        ["stranger", false],
        ["expired", false],
        ["no-client", false],
      ])("%s is verified: %p", async (client, verified) => {
        const { tls } = await sessionWith(shown(client));
        expect(tls?.peerCertificate).toEqual({
          subject: client === "client" ? "CN=client,O=Example\\, Inc,C=DE" : "CN=client",
          altNames: ["email:a@client.test", "DNS:client.test"],
          fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
          verified,
        });
      });

      test("one name cannot pose as two", async () => {
        const { tls } = await sessionWith(shown("tricky"));
        expect(tls?.peerCertificate).toMatchObject({ altNames: ["email:a@b, DNS:evil.test"], verified: true });
      });

      test("none is needed, and none is asked for without requestCert", async () => {
        expect((await sessionWith({})).tls).not.toHaveProperty("peerCertificate");
        expect((await sessionWith(shown("client"), false)).tls).not.toHaveProperty("peerCertificate");
      });

      test("without authorities nobody is verified", async () => {
        const { port } = await serve({ tls: { ...made.of("default"), requestCert: true } });
        const client = await startTls(port, shown("client"));
        await deliver(client);
        client.destroy();
        expect((await session(served!)).tls?.peerCertificate).toMatchObject({ verified: false });
      });

      test("a certificate without its key is worth nothing", async () => {
        const { port } = await serve({ tls: { ...made.of("default"), requestCert: true, ca: made.of("ca").cert } });
        const { cert, key } = made.of("thief");
        for (const version of ["-tls1_2", "-tls1_3"]) {
          const at = ["-connect", `127.0.0.1:${port}`, "-starttls", "smtp", version, "-cert", cert, "-key", key];
          expect(await openssl([...at, "-quiet"], [[/(?:)/, "EHLO thief.test\r\n"]])).not.toContain("250-mx.test");
        }
        await gone(served!);
      });
    });

    describe("listeners", () => {
      test("several serve together, each under its own rules", async () => {
        const listeners = [{ port: 0 }, { port: 0, implicitTls: true }, { port: 0, submission: true }];
        const server = await serve({ hostname: "127.0.0.1", listeners });
        expect(server.ports).toHaveLength(3);
        expect(server.port).toBe(server.ports[0]!);
        // The server's handshake with itself is no session.
        expect(await server.deliveries()).toEqual([]);
        const [open, implicit, submission] = server.ports as [number, number, number];

        const first = await RawClient.connect(open);
        await first.replies(1);
        const second = await implicitTls(implicit);
        expect(await second.reply()).toMatchObject({ code: 220 });
        const connects = (await server.deliveries()).map(({ content }) => JSON.parse(content!) as Session);
        expect(connects.map(({ tls }) => tls?.protocol)).toEqual([undefined, "TLSv1.3"]);
        expect((await second.command("EHLO a")).lines).not.toContain("STARTTLS");
        await deliver(second);
        expect(await session(server)).toMatchObject({ protocol: "ESMTPS" });

        const third = await RawClient.connect(submission);
        third.write("EHLO a\r\nMAIL FROM:<a@b.test>\r\n".slice(0, 8));
        await third.replies(2);
        third.write("MAIL FROM:<a@b.test>\r\n");
        expect(await third.replies(1)).toEqual(["530 5.7.0 Must issue a STARTTLS command first"]);
        third.write("STARTTLS\r\n");
        await third.replies(1);
        const encrypted = await third.startTls();
        await encrypted.command("EHLO a");
        expect(await encrypted.command("MAIL FROM:<a@b.test>")).toMatchObject({
          raw: "530 5.7.0 Authentication required",
        });
        for (const client of [first.socket, second, encrypted]) client.destroy();
      });

      test("where the handshake comes first, a word in the clear gets none", async () => {
        const listeners = [{ port: 0, implicitTls: true }];
        const server = await serve({ hostname: "127.0.0.1", listeners, timeouts: { handshake: 300 } });
        const raw = await RawClient.connect(server.port);
        raw.write("EHLO a\r\n");
        expect(await raw.end()).not.toMatch(/\d{3}[ -]/);
        const silent = await RawClient.connect(server.port);
        expect(await silent.end()).toBe("");
        await gone(server);
        expect(await server.deliveries()).toEqual([]);
      });

      test("one that cannot be bound leaves none behind", async () => {
        const { port } = await serve();
        const listeners = [{ port: 0 }, { port }];
        await expect(runtime.serve("sessions", { hostname: "127.0.0.1", listeners })).rejects.toThrow();
      });
    });
  });
});
