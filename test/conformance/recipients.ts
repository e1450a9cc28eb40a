/** One reply for several recipients, and who is asked at all. */

import { describe, expect, test } from "bun:test";
import { envelope, expectCodes, serving, type Subject } from "./conformance.ts";
import { WireClient } from "../wire.ts";

export function recipientRows(subject: Subject): void {
  describe("recipients", () => {
    test("three recipients, one of whom throws: each has the message exactly once after the retry", async () => {
      await serving(subject, "oneThrowsOnce", {}, async (served) => {
        const first = await envelope(served.port, ["a@y.test", "b@y.test", "c@y.test"]);
        await first.command("DATA");
        first.write("Subject: hi\r\n\r\nhello\r\n.\r\n");
        expect((await first.reply()).code).toBe(451);
        first.destroy();
        // The sender's queue comes back with all three, and is taken at its word one by one.
        let left = ["a@y.test", "b@y.test", "c@y.test"];
        for (let attempt = 0; attempt < 3; attempt++) left = await retry(served.port, left);
        expect(left).toEqual([]);
        const recipients = (await served.deliveries()).map(({ recipient }) => recipient);
        expect(recipients.sort()).toEqual(["a@y.test", "b@y.test", "c@y.test"]);
        // Nothing is remembered once all were told: the next message goes to several at once again.
        const last = await envelope(served.port, ["a@y.test", "b@y.test"]);
        last.destroy();
      });
    });

    test("a plain Hono app decides on its own paths", async () => {
      await serving(subject, "plainHono", {}, async (served) => {
        const client = await envelope(served.port, ["b@y.test"]);
        expect((await client.command("RCPT TO:<x@y.test>")).raw).toStartWith("550 5.1.1");
        await client.command("DATA");
        client.write("x\r\n.\r\n");
        await expectCodes(client, [250]);
        client.destroy();
        expect((await served.deliveries()).map(({ recipient }) => recipient)).toEqual(["b@y.test"]);
      });
    });

    test("a bare function gets every recipient's request", async () => {
      await serving(subject, "bareFunction", {}, async (served) => {
        const client = await envelope(served.port, ["b@y.test"]);
        await client.command("DATA");
        client.write("x\r\n.\r\n");
        await expectCodes(client, [250]);
        client.destroy();
        const [delivered] = await served.deliveries();
        expect(delivered).toMatchObject({ from: "a@x.test", recipient: "b@y.test", content: "x\r\n" });
      });
    });

    test("thrown SmtpErrors are the reply", async () => {
      await serving(subject, "errors", {}, async (served) => {
        const client = await envelope(served.port, ["b@y.test"]);
        expect((await client.command("RCPT TO:<x@y.test>")).raw).toBe("550 5.1.1 No such user");
        await client.command("DATA");
        client.write("x\r\n.\r\n");
        expect((await client.reply()).raw).toBe("452 4.2.2 Mailbox full");
        client.destroy();
      });
    });
  });
}

/** Sends to as many as are taken in one transaction; returns those who are left. */
async function retry(port: number, recipients: readonly string[]): Promise<string[]> {
  const client = await WireClient.connect({ port });
  await expectCodes(client, [220]);
  await client.command("EHLO c.test");
  await client.command("MAIL FROM:<a@x.test>");
  const left: string[] = [];
  for (const recipient of recipients) {
    const { raw } = await client.command(`RCPT TO:<${recipient}>`);
    if (!raw.startsWith("250")) left.push(recipient);
    if (!raw.startsWith("250")) expect(raw).toStartWith("452 4.5.3");
  }
  await client.command("DATA");
  client.write("Subject: hi\r\n\r\nhello\r\n.\r\n");
  await expectCodes(client, [250]);
  client.destroy();
  return left;
}
