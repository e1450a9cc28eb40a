/** STARTTLS on a connection, rows 96 to 105: what was said in the clear counts for nothing under TLS. */

import { describe, expect, test } from "bun:test";
import { RawClient, startTls } from "./client.ts";
import { deliver, gone, session, type Subject } from "./subject.ts";

export function starttls(subject: Subject): void {
  const { serve } = subject;

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
        expect(await session(subject.served!)).toMatchObject({ helo: "client.test", protocol: "ESMTPS" });
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
      await gone(subject.served!);
      expect((await subject.served!.deliveries()).filter(({ recipient }) => recipient !== "connect")).toEqual([]);
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
      await gone(subject.served!);
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
      const { helo, protocol, tls, locals } = await session(subject.served!);
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
      const client = await startTls(subject.served!.port);
      expect(await client.command("STARTTLS")).toMatchObject({ code: 554, enhanced: "5.5.1" });
      client.destroy();
      const plain = await subject.runtime.serve("sessions");
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
      await gone(subject.served!);
      expect(await session(subject.served!)).toMatchObject({ protocol: "ESMTPS" });
    });
  });
}
