/** Part C where a dialogue cannot say it: smuggling, size, memory. */

import { describe, expect, test } from "bun:test";
import { createHash, randomFillSync } from "node:crypto";
import { Buffer } from "node:buffer";
import { envelope, expectCodes, serving, type Subject } from "./conformance.ts";
import { WireClient } from "../wire.ts";

/** Rows 61 to 63: what looks like an end of data to somebody, and is none. */
export const falseEnds: readonly string[] = [
  "a\n.\n",
  "a\r.\r",
  "a\n.\r",
  "a\r.\n",
  "a\n.\r\n",
  "a\r.\r\n",
  "a\r\n.\n",
  "a\r\n.\r",
  "a\r\n\0.\r\n",
  "a\r\n.\r\r\n",
  "a\r\r\n.\r\r\n",
  ".\r\r\n",
  ".\n",
  ".\r",
];

const evil = "MAIL FROM:<evil@x.test>\r\nRCPT TO:<evil@y.test>\r\nDATA\r\nevil\r\n";

export function dataRows(subject: Subject): void {
  describe("data", () => {
    for (const bareNewline of ["reject", "normalize"] as const) {
      test(`61 62 CVE-2023-51764 CVE-2023-51766: nothing smuggled with ${bareNewline}`, async () => {
        await serving(subject, "conformance", { bareNewline }, async (served) => {
          for (const falseEnd of falseEnds) {
            const client = await envelope(served.port);
            await client.command("DATA");
            client.write(`${falseEnd}${evil}.\r\n`);
            const { code, enhanced } = await client.reply();
            // The NUL variant holds no bare newline: it is one message like any other.
            const isBare = /\r(?!\n)|(?<!\r)\n/.test(falseEnd);
            expect([falseEnd, code]).toEqual([falseEnd, isBare && bareNewline === "reject" ? 550 : 250]);
            if (code === 550) expect(enhanced).toBe("5.5.2");
            expect((await client.command("NOOP")).code).toBe(250);
            client.destroy();
          }
          const delivered = await served.deliveries();
          expect(delivered.filter(({ from }) => from !== "a@x.test")).toEqual([]);
          expect(delivered.every(({ content }) => content!.includes("MAIL FROM:<evil@x.test>\r\n"))).toBe(true);
          expect(delivered.length).toBe(bareNewline === "reject" ? 1 : falseEnds.length);
        });
      });
    }

    test("63: CRLF.CRLF behind a bare CR is the end", async () => {
      await serving(subject, "conformance", { bareNewline: "normalize" }, async (served) => {
        const client = await envelope(served.port);
        await client.command("DATA");
        client.write("a\r\r\n.\r\nNOOP\r\n");
        await expectCodes(client, [250, 250]);
        client.destroy();
        expect((await served.deliveries()).map(({ content }) => content)).toEqual(["a\r\n\r\n"]);
      });
    });

    test("67 68: lines of any length are kept as they are", async () => {
      await serving(subject, "conformance", {}, async (served) => {
        for (const length of [998, 999, 100_000]) {
          const line = "x".repeat(length);
          const client = await envelope(served.port);
          await client.command("DATA");
          client.write(`${line}\r\n.\r\n`);
          await expectCodes(client, [250]);
          client.destroy();
          expect((await served.deliveries())[0]!.content).toBe(`${line}\r\n`);
        }
      });
    });

    test("69: past the size limit in the middle, then a normal command", async () => {
      await serving(subject, "counting", { maxSize: 100_000 }, async (served) => {
        const client = await envelope(served.port);
        await client.command("DATA");
        for (let i = 0; i < 40; i++) client.write(`${"x".repeat(9998)}\r\n`);
        client.write(".\r\nRCPT TO:<b@y.test>\r\nNOOP\r\n");
        expect((await client.reply()).raw).toStartWith("552 5.3.4");
        await expectCodes(client, [503, 250]);
        client.destroy();
        expect(await served.deliveries()).toEqual([]);
      });
    });

    test("70 88 129: what ends without its end is not delivered, and not carried out", async () => {
      await serving(subject, "conformance", {}, async (served) => {
        const client = await envelope(served.port);
        await client.command("DATA");
        client.write("a line\r\nand another without its end");
        client.end();
        await client.closed();
        const other = await WireClient.connect({ port: served.port });
        await other.reply();
        other.write("RSET");
        other.end();
        expect(await other.closed()).toEqual([]);
        expect(await served.deliveries()).toEqual([]);
      });
    });

    test("74: a slow handler holds the sender back, not the memory", async () => {
      await serving(subject, "conformance", {}, async (served) => {
        const client = await envelope(served.port, ["slow@y.test"]);
        await client.command("DATA");
        client.write("Subject: x\r\n\r\n");
        const block = Buffer.alloc(1024 * 1024, `${"x".repeat(78)}\r\n`.repeat(100));
        for (let i = 0; i < 20; i++) client.write(block);
        client.write("\r\n.\r\n");
        await expectCodes(client, [250]);
        client.destroy();
      });
    });

    test("90: a hundred thousand chunks of one octet", async () => {
      await serving(subject, "conformance", {}, async (served) => {
        const client = await envelope(served.port);
        const chunks = 100_000;
        for (let sent = 0; sent < chunks; sent += 1000) client.write("BDAT 1\r\nx".repeat(1000));
        client.write("BDAT 2 LAST\r\n\r\n");
        const refused: string[] = [];
        for (let seen = 0; seen <= chunks; seen++) {
          const { code, raw } = await client.reply();
          if (code !== 250) refused.push(raw);
        }
        client.destroy();
        expect(refused).toEqual([]);
        expect((await served.deliveries()).map(({ size }) => size)).toEqual([chunks + 2]);
      });
    }, 60_000);

    test("76: a message that went round in circles", async () => {
      await serving(subject, "conformance", {}, async (served) => {
        for (const [hops, wanted] of [[100, 250], [101, 554]] as const) {
          const client = await envelope(served.port);
          await client.command("DATA");
          client.write(`${"Received: by x.test\r\n".repeat(hops)}\r\nbody\r\n.\r\n`);
          const { code, enhanced } = await client.reply();
          expect([hops, code, enhanced]).toEqual([hops, wanted, code === 554 ? "5.4.6" : "2.0.0"]);
          client.destroy();
        }
      });
    });

    test("25 MB of random octets arrive as they were sent", async () => {
      await serving(subject, "counting", { maxSize: 26 * 1024 * 1024 }, async (served) => {
        const message = randomMessage(25 * 1024 * 1024);
        const client = await envelope(served.port);
        await client.command("DATA");
        client.write(dotStuffed(message));
        // The source had no final newline; DATA has to give it one.
        client.write("\r\n.\r\n");
        await expectCodes(client, [250]);
        client.destroy();
        const [delivered] = await served.deliveries();
        const sha256 = createHash("sha256").update(message).update("\r\n").digest("hex");
        expect(delivered).toMatchObject({ size: message.length + 2, sha256 });
      });
    }, 60_000);
  });
}

/** A header, and octets of every value: CR and LF only together, a dot behind every other newline, none at the end. */
function randomMessage(size: number): Buffer {
  const message = randomFillSync(Buffer.alloc(size));
  for (let at = 0; at < size; at++) if (message[at] === 13 || message[at] === 10) message[at] = 120;
  message.write("Subject: x\r\n\r\n", "latin1");
  for (let at = 50; at + 3 < size; at += 200) message.write(at % 400 === 50 ? "\r\n." : "\r\nx", at, "latin1");
  return message;
}

function dotStuffed(message: Buffer): Buffer {
  const lines: Buffer[] = [];
  let from = 0;
  for (let at = message.indexOf("\r\n."); at >= 0; at = message.indexOf("\r\n.", at + 3)) {
    lines.push(message.subarray(from, at + 3), Buffer.from("."));
    from = at + 3;
  }
  return Buffer.concat([...lines, message.subarray(from)]);
}
