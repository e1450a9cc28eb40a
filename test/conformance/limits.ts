/** Rows about how much one client may ask for, and about who talks too early. */

import { describe, expect, test } from "bun:test";
import { envelope, expectCodes, serving, type Subject } from "./conformance.ts";
import { WireClient } from "../wire.ts";

export function limitRows(subject: Subject): void {
  describe("limits", () => {
    test("3: whoever talks before the greeting is sent away", async () => {
      await serving(subject, "greetsLate", {}, async (served) => {
        const hasty = await WireClient.connect({ port: served.port });
        hasty.write("EHLO c.test\r\n");
        expect((await hasty.reply()).raw).toStartWith("554 5.5.0");
        expect(await hasty.closed()).toEqual([]);
        const patient = await WireClient.connect({ port: served.port });
        await expectCodes(patient, [220]);
        patient.destroy();
      });
    });

    test("3: or is answered in order, where that is wanted", async () => {
      await serving(subject, "greetsLate", { pipelining: "lenient" }, async (served) => {
        const hasty = await WireClient.connect({ port: served.port });
        hasty.write("EHLO c.test\r\n");
        await expectCodes(hasty, [220, 250]);
        hasty.destroy();
      });
    });

    test("19: 512 octets are a command, 513 are not", async () => {
      await serving(subject, "conformance", {}, async (served) => {
        const client = await WireClient.connect({ port: served.port });
        await client.reply();
        expect((await client.command(`NOOP ${"x".repeat(505)}`)).code).toBe(250);
        expect((await client.command(`NOOP ${"x".repeat(506)}`)).raw).toStartWith("500 5.5.2");
        expect((await client.command("NOOP")).code).toBe(250);
        client.destroy();
      });
    });

    test("20: extensions make MAIL's line longer", async () => {
      await serving(subject, "conformance", {}, async (served) => {
        const client = await WireClient.connect({ port: served.port });
        await client.reply();
        await client.command("EHLO c.test");
        const start = "MAIL FROM:<a@x.test>";
        const blanks = " ".repeat(512 + 26 - 2 - start.length - "SIZE=100".length);
        expect((await client.command(`${start}${blanks}SIZE=100`)).code).toBe(250);
        client.destroy();
      });
    });

    test("21 CVE-2026-38728: ten megabytes without an LF cost no memory", async () => {
      await serving(subject, "conformance", {}, async (served) => {
        const client = await WireClient.connect({ port: served.port });
        await client.reply();
        // The first of them brings to life what the second needs; whoever kept it would need ten more.
        let most = Infinity;
        for (let round = 0; round < 2; round++) {
          for (let i = 0; i < 160; i++) client.write("x".repeat(64 * 1024));
          await until(async () => await Promise.resolve(client.socket.writableLength === 0));
          expect(await subject.runtime.memoryBelow(most)).toBeLessThan(most);
          expect((await client.command("NOOP")).raw).toStartWith("500 5.5.2");
          expect((await client.command("NOOP")).code).toBe(250);
          most = await subject.runtime.memory() + 8 * 1024 * 1024;
        }
        client.destroy();
      });
    });

    test("27: connections from one address have a limit", async () => {
      await serving(subject, "conformance", { maxConnectionsPerAddress: 3 }, async (served) => {
        const clients: WireClient[] = [];
        for (let i = 0; i < 3; i++) clients.push(await WireClient.connect({ port: served.port }));
        for (const client of clients) await expectCodes(client, [220]);
        const surplus = await WireClient.connect({ port: served.port });
        expect((await surplus.reply()).raw).toStartWith("421 4.7.0");
        await surplus.closed();
        await clients[0]!.command("QUIT");
        await until(async () => await served.sessions() === 2);
        const next = await WireClient.connect({ port: served.port });
        await expectCodes(next, [220]);
        for (const client of [...clients, next]) client.destroy();
      });
    });

    test("37: long addresses", async () => {
      await serving(subject, "conformance", {}, async (served) => {
        const client = await envelope(served.port);
        const label = "d".repeat(60);
        // 254 octets with the brackets, a local part of more than 64 among them.
        expect((await client.command(`RCPT TO:<${"l".repeat(100)}@${label}.${label}.test>`)).code).toBe(250);
        expect((await client.command(`RCPT TO:<${"l".repeat(200)}@${label}.test>`)).raw).toStartWith("501 5.1.3");
        expect((await client.command(`RCPT TO:<l@${"d".repeat(64)}.test>`)).raw).toStartWith("501 5.1.3");
        client.destroy();
      });
    });

    test("48: a thousand recipients, and one more", async () => {
      await serving(subject, "conformance", {}, async (served) => {
        const client = await WireClient.connect({ port: served.port });
        await client.reply();
        await client.command("EHLO c.test");
        client.write("MAIL FROM:<a@x.test>\r\n");
        for (let i = 0; i < 1001; i++) client.write(`RCPT TO:<u${i}@y.test>\r\n`);
        await expectCodes(client, Array.from({ length: 1001 }, () => 250));
        expect((await client.reply()).raw).toStartWith("452 4.5.3");
        client.destroy();
      });
    });
  });
}

/** Waits for a condition: it is there soon, or on a busy machine later. */
export async function until(condition: () => Promise<boolean>, milliseconds = 20_000): Promise<void> {
  const end = Date.now() + milliseconds;
  do {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while (Date.now() < end);
  throw new Error(`Waited in vain for ${condition}`);
}
