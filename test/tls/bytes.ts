/** Octets under TLS come whole, in order, and in measure. */

import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { RawClient, startTls } from "./client.ts";
import { gone, type Subject } from "./subject.ts";

export function bytes(subject: Subject): void {
  const { serve } = subject;

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

  describe("bytes", () => {
    test("eight megabytes come through as they are", async () => {
      const client = await startTls((await serve()).port);
      for (const line of ["EHLO client.test", "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>", "DATA"]) {
        await client.command(line);
      }
      const lines = Array.from({ length: 120_000 }, (_, index) => `${index} ${"x".repeat(60)}\r\n`).join("");
      const message = `Subject: x\r\n\r\n${lines}`;
      expect(await client.command(`${message}.`)).toMatchObject({ code: 250 });
      const [delivered] = (await subject.served!.deliveries()).filter(({ recipient }) => recipient !== "connect");
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
      await gone(subject.served!);
      client.destroy();
      raw.socket.destroy();
    }, 30_000);
  });
}
