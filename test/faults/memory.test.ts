/**
 * The memory and disk budgets over real sockets: what goes beyond them, and that every outcome of a message gives back
 * what it took. Nobody can ask a server for its books; but with room for one message alone, a message whose octets were
 * not given back is a refusal for the next.
 */

import { expect } from "bun:test";
import type { ServeOptions } from "postern";
import type { SpoolOptions } from "../../src/spool/spool.ts";
import { envelope, expectCodes, serving } from "../conformance/conformance.ts";
import { until } from "../conformance/limits.ts";
import type { WireClient } from "../wire.ts";
import { everywhere, startRuntimes } from "./everywhere.ts";

const line = `${"x".repeat(78)}\r\n`;
const header = "Subject: large\r\n\r\n";

/** Lines of so many octets together. */
function lines(octets: number): string {
  return line.repeat(Math.ceil(octets / line.length));
}

const size = 200 * 1024;

/** Every way for a message to end, and the code it is answered; 0 where nobody hears. */
const outcomes: Readonly<Record<string, readonly [code: number, send: (port: number) => Promise<WireClient>]>> = {
  "is taken": [250, (port) => whole(port, "b@y.test")],
  "is refused by a handler": [554, (port) => whole(port, "refuse@y.test")],
  "meets a handler that throws": [451, (port) => whole(port, "throw@y.test")],
  "meets a handler that hangs": [451, (port) => whole(port, "hang@y.test")],
  "has a bare LF at its end": [550, (port) => whole(port, "b@y.test", "bare\n\r\n")],
  "is too large": [552, (port) => whole(port, "b@y.test", lines(400 * 1024))],
  "went round in circles": [554, (port) => whole(port, "b@y.test", "", "Received: x\r\n".repeat(101))],
  "stops": [421, (port) => half(port)],
  "ends with its connection": [0, async (port) => ended(await half(port), (client) => client.end())],
  "is cut off by a reset": [0, async (port) => ended(await half(port), (client) => client.socket.resetAndDestroy())],
  "comes in chunks, and stops": [421, (port) => chunked(port, "BDAT 5\r\nx")],
  "comes in chunks, and is reset": [250, (port) => chunked(port, "RSET\r\n")],
  "comes in chunks, of which one is refused, and ends": [
    551,
    (port) => chunked(port, "BDAT 1\r\n\nBDAT 0 LAST\r\n", 550),
  ],
  "comes in chunks, and the client leaves": [221, (port) => chunked(port, "QUIT\r\n")],
  "comes in chunks, and the client says EHLO": [250, (port) => chunked(port, "EHLO c.test\r\n")],
};

/** A whole message. */
async function whole(port: number, recipient: string, last = "", first = ""): Promise<WireClient> {
  const client = await envelope(port, [recipient]);
  await client.command("DATA");
  client.write(`${first}${header}${lines(size)}${last}.\r\n`);
  return client;
}

/** A message without its end. */
async function half(port: number): Promise<WireClient> {
  const client = await envelope(port);
  await client.command("DATA");
  client.write(header + lines(size));
  return client;
}

async function ended(client: WireClient, end: (client: WireClient) => void): Promise<WireClient> {
  await new Promise((resolve) => setTimeout(resolve, 30));
  end(client);
  return client;
}

/** A chunk that is not the last, and what comes then. */
async function chunked(port: number, then: string, ...before: readonly number[]): Promise<WireClient> {
  const client = await envelope(port);
  const text = header + lines(size);
  await client.command(`BDAT ${text.length}\r\n${text.slice(0, -2)}`);
  client.write(then);
  await expectCodes(client, before);
  return client;
}

startRuntimes();

const options: ServeOptions = { maxSize: 250 * 1024, timeouts: { block: 2000, handler: 500 } };
const rooms: Readonly<Record<string, SpoolOptions>> = {
  memory: { memoryBudget: 300 * 1024, diskBudget: 1 },
  disk: { memoryPerMessage: 1000, diskBudget: 300 * 1024 },
};
for (const [room, spool] of Object.entries(rooms)) {
  everywhere(`${room} is given back by a message in every outcome`, async (subject) => {
    await serving(subject, "gathering", { ...options, spool }, async ({ port, sessions }) => {
      for (const [outcome, [code, send]] of Object.entries(outcomes)) {
        const client = await send(port);
        if (code === 0) await client.closed();
        else expect([outcome, (await client.reply()).code]).toEqual([outcome, code]);
        client.destroy();
        await until(async () => await sessions() === 0);
        const next = await whole(port, "b@y.test");
        expect([outcome, (await next.reply()).code]).toEqual([outcome, 250]);
        next.destroy();
        await until(async () => await sessions() === 0);
      }
    });
  });

  everywhere(
    `a second message for which ${room} has no room is refused with 452 4.3.1, until it has`,
    async (subject) => {
      await serving(subject, "gathering", { spool }, async ({ port }) => {
        // The reply to a chunk says that its octets are all there.
        const first = await envelope(port);
        const text = header + lines(size);
        expect((await first.command(`BDAT ${text.length}\r\n${text.slice(0, -2)}`)).code).toBe(250);
        const second = await whole(port, "b@y.test");
        expect((await second.reply()).raw).toStartWith("452 4.3.1");
        expect((await first.command("BDAT 0 LAST")).code).toBe(250);
        await second.command("MAIL FROM:<a@x.test>");
        await second.command("RCPT TO:<b@y.test>");
        await second.command("DATA");
        second.write(`${header}${lines(size)}.\r\n`);
        await expectCodes(second, [250]);
        for (const client of [first, second]) client.destroy();
      });
    },
  );
}

everywhere("a header that memory has no room for is refused, and one of a usual length is not", async (subject) => {
  const spool = { memoryPerMessage: 1000, memoryBudget: 100_000 };
  await serving(subject, "gathering", { spool }, async ({ port }) => {
    for (const [fields, code] of [[100, 250], [5000, 452], [100, 250]] as const) {
      const client = await envelope(port);
      await client.command("DATA");
      client.write(`${"X-Field: of a header that is too long\r\n".repeat(fields)}\r\n${lines(size)}.\r\n`);
      expect([fields, (await client.reply()).code]).toEqual([fields, code]);
      client.destroy();
    }
  });
});

everywhere("whoever wants messages whole waits for room in memory", async (subject) => {
  const memoryBudget = 3 * 1024 * 1024;
  await serving(subject, "gathering", { spool: { memoryPerMessage: 1000, memoryBudget } }, async (served) => {
    for (const way of ["bytes", "text", "request", "parse"]) {
      await Promise.all(Array.from({ length: 8 }, async () => {
        const client = await envelope(served.port, [`${way}@company.test`]);
        await client.command("DATA");
        client.write(`${header}${lines(1024 * 1024)}.\r\n`);
        await expectCodes(client, [250]);
        client.destroy();
      }));
      const most = (await served.deliveries()).map((delivered) => delivered.size);
      expect([way, most.length]).toEqual([way, 8]);
      // More than one at a time, and no more than there is room for.
      expect(Math.max(...most)).toBeGreaterThan(2 * 1024 * 1024);
      expect(Math.max(...most)).toBeLessThan(memoryBudget);
    }
  });
});

everywhere("a message larger than the whole budget can still be had whole, alone", async (subject) => {
  const spool = { memoryPerMessage: 1000, memoryBudget: 100_000 };
  await serving(subject, "gathering", { spool }, async (served) => {
    await Promise.all(Array.from({ length: 3 }, async () => {
      const client = await envelope(served.port, ["bytes@y.test", "text@y.test"]);
      await client.command("DATA");
      client.write(`${header}${lines(1024 * 1024)}.\r\n`);
      await expectCodes(client, [250]);
      client.destroy();
    }));
    const most = (await served.deliveries()).map((delivered) => delivered.size);
    expect(most.length).toBe(6);
    expect(Math.max(...most)).toBeLessThan(1.1 * 1024 * 1024);
  });
});

everywhere("twenty large messages that come slowly stay within the budget", async (subject) => {
  const spool = { memoryBudget: 4 * 1024 * 1024 };
  await serving(subject, "gathering", { spool }, async ({ port }) => {
    const rounds = async (clients: number, blocks: number) => {
      const all = await Promise.all(Array.from({ length: clients }, () => half(port)));
      for (let sent = 0; sent < blocks; sent++) {
        for (const client of all) client.write(lines(256 * 1024));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return all;
    };
    // The first one brings to life what every large message needs.
    const [first] = await rounds(1, 8);
    first!.write(".\r\n");
    await expectCodes(first!, [250]);
    first!.destroy();
    // They are 100 MiB. What else grows is the runtime's own: buffers of sockets.
    const most = await subject.runtime.memory() + 60 * 1024 * 1024;
    const slow = await rounds(20, 20);
    expect(await subject.runtime.memoryBelow(most)).toBeLessThan(most);
    for (const client of slow) client.write(".\r\n");
    for (const client of slow) await expectCodes(client, [250]);
    for (const client of slow) client.destroy();
  });
});
