/** Handshakes that go wrong, take long, or are repeated. */

import { describe, expect, test } from "bun:test";
import { openssl, RawClient, startTls } from "./client.ts";
import { deliver, gone, session, type Subject } from "./subject.ts";

const begun = /CONNECTED/;
const ok = /250 2\.0\.0 Ok/;

export function handshakes(subject: Subject): void {
  const { made, serve } = subject;

  describe("handshakes", () => {
    test("100: after the 220, garbage gets not one word in the clear", async () => {
      await serve();
      for (const garbage of ["NOOP\r\n", "\x16\x03\x01\x00\x05hello", "\x80\x2e\x01\x00\x02", "\0".repeat(4000)]) {
        const raw = await RawClient.connect(subject.served!.port);
        raw.write("STARTTLS\r\n");
        await raw.replies(2);
        raw.write(garbage);
        raw.socket.end();
        expect(await raw.end()).not.toMatch(/\d{3}[ -]/);
      }
      await gone(subject.served!);
    });

    test("100: TLS 1.1 is not spoken", async () => {
      const { port } = await serve();
      const old = ["-connect", `127.0.0.1:${port}`, "-starttls", "smtp", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
      expect(await openssl(old, [])).toContain("Cipher is (NONE)");
      const recent = ["-connect", `127.0.0.1:${port}`, "-starttls", "smtp", "-tls1_2"];
      expect(await openssl(recent, [])).toMatch(/New, TLSv1\.2, Cipher is ECDHE/);
      await gone(subject.served!);
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
        await gone(subject.served!);
      }
      await round();
      const most = await subject.runtime.memory() + 24 * 1024 * 1024;
      await round();
      await round();
      expect(await subject.runtime.memoryBelow(most)).toBeLessThan(most);
      const client = await startTls(port);
      await deliver(client);
      client.destroy();
    });

    test("a handshake does not hold up the server's end", async () => {
      const raw = await RawClient.connect((await serve()).port);
      raw.write("STARTTLS\r\n");
      await raw.replies(2);
      await subject.served!.close(10_000);
      subject.served = undefined;
      expect(await raw.end()).not.toMatch(/\d{3}[ -]/);
    });

    test("103: a client that asks for renegotiation loses its connection, and nobody else notices", async () => {
      const { port } = await serve();
      const at = ["-connect", `127.0.0.1:${port}`, "-starttls", "smtp", "-tls1_2"];
      const output = await openssl(at, [[begun, "NOOP\r\n"], [ok, "R\n"], [/RENEGOTIATING/, "NOOP\r\n"], [ok, ""]]);
      expect(output).toContain("RENEGOTIATING");
      expect(output.split(ok)).toHaveLength(2);
      await gone(subject.served!);
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
        await openssl([...at, "-sess_out", file], [[begun, "NOOP\r\n"], [ok, ""]]);
        const transaction = "EHLO a\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n";
        const message = "Subject: x\r\n\r\nx\r\n.\r\n";
        const again = await openssl([...at, "-sess_in", file], [
          [begun, transaction],
          [/354 End/, message],
          [/250 2\.0\.0 Ok:/, ""],
        ]);
        expect(again).toContain("Reused, TLSv1.");
        expect((await session(subject.served!)).tls?.peerCertificate).toMatchObject({ verified: true });
      }
    });
  });
}
