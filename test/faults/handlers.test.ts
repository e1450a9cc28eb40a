/** Handlers that fail in every way, at every stage: one reply each, the session goes on, and nobody else is held up. */

import { expect } from "bun:test";
import { envelope, expectCodes, serving } from "../conformance/conformance.ts";
import { faultNames } from "../fixture/faults.ts";
import type { WireClient } from "../wire.ts";
import { everywhere, startRuntimes } from "./everywhere.ts";

startRuntimes();

const timeouts = { handler: 300 };
const message = "Subject: x\r\n\r\nthe body\r\n.\r\n";

/** Asks a question of each stage that must meet a fault there, and a harmless one. */
const stages: Readonly<Record<string, (client: WireClient, fault: string) => Promise<readonly number[]>>> = {
  mail: async (client, fault) => [
    (await client.command(`MAIL FROM:<${fault}@mail.test>`)).code,
    (await client.command("MAIL FROM:<a@x.test>")).code,
    (await client.command("RSET")).code,
  ],
  rcpt: async (client, fault) => [
    (await client.command("MAIL FROM:<a@x.test>")).code,
    (await client.command(`RCPT TO:<${fault}@rcpt.test>`)).code,
    (await client.command("RCPT TO:<b@y.test>")).code,
    (await client.command("RSET")).code,
  ],
  data: (client, fault) => send(client, `${fault}@data.test`),
  deliver: (client, fault) => send(client, `${fault}@deliver.test`),
  command: async (client, fault) => [
    (await client.command(`XFAULT-${fault}`)).code,
    (await client.command("NOOP")).code,
  ],
};

async function send(client: WireClient, recipient: string): Promise<readonly number[]> {
  const codes = [
    (await client.command("MAIL FROM:<a@x.test>")).code,
    (await client.command(`RCPT TO:<${recipient}>`)).code,
    (await client.command("DATA")).code,
  ];
  client.write(message);
  return [...codes, (await client.reply()).code, (await client.command("NOOP")).code];
}

const wanted: Readonly<Record<string, readonly number[]>> = {
  mail: [451, 250, 250],
  rcpt: [250, 451, 250, 250],
  data: [250, 250, 354, 451, 250],
  deliver: [250, 250, 354, 451, 250],
  command: [451, 250],
};

everywhere("every fault at every stage is one 451, and the session goes on", async (subject) => {
  await serving(subject, "faulty", { timeouts, maxConnectionsPerAddress: 1000 }, async (served) => {
    const seen: Record<string, readonly number[]> = {};
    await Promise.all(faultNames.map(async (fault) => {
      const client = await envelope(served.port);
      await client.command("RSET");
      for (const [stage, ask] of Object.entries(stages)) seen[`${fault} at ${stage}`] = await ask(client, fault);
      await expectBye(client);
    }));
    const all = Object.entries(seen);
    expect(all.length).toBe(faultNames.length * Object.keys(stages).length);
    expect(all.filter(([name, codes]) => `${codes}` !== `${wanted[name.split(" at ")[1]!]}`)).toEqual([]);
    expect(await served.sessions()).toBe(0);
    // Each is in the log, and no more than once.
    const logged = (await subject.runtime.log()).filter((line) => line.includes("failed, client was told"));
    expect(logged.length).toBe(all.length);
  });
});

/** QUIT; one reply, and nothing that was left unsaid before it. */
async function expectBye(client: WireClient): Promise<void> {
  client.write("QUIT\r\n");
  expect((await client.closed()).map(({ code }) => code)).toEqual([221]);
}

everywhere("a second answer is none", async (subject) => {
  await serving(subject, "faulty", { timeouts }, async ({ port }) => {
    const client = await envelope(port, ["answer-twice@deliver.test"]);
    await client.command("DATA");
    client.write(message);
    const { code } = await client.reply();
    expect([250, 550]).toContain(code);
    await expectBye(client);
  });
});

everywhere("a body that nobody reads and that does not let go is not waited for", async (subject) => {
  await serving(subject, "faulty", { timeouts }, async ({ port }) => {
    const client = await envelope(port, ["body-holds-on@deliver.test"]);
    await client.command("DATA");
    client.write(message);
    await expectCodes(client, [250]);
    await expectBye(client);
  });
});

everywhere("while handlers hang, others are answered", async (subject) => {
  // A server that asked one handler at a time would answer the others as well, but only after these.
  await serving(subject, "faulty", { timeouts: { handler: 20_000 } }, async ({ port }) => {
    const order: string[] = [];
    const [delivering, commanding] = [await envelope(port, ["hang@deliver.test"]), await envelope(port)];
    await delivering.command("DATA");
    delivering.write(message);
    commanding.write("XFAULT-HANG\r\n");
    for (const client of [delivering, commanding]) {
      client.reply().then(({ code }) => order.push(`hung: ${code}`), () => {});
    }
    const other = await envelope(port, ["b@y.test"]);
    await other.command("DATA");
    other.write(message);
    order.push(`other: ${(await other.reply()).code}`);
    await expectBye(other);
    expect(order).toEqual(["other: 250"]);
    for (const client of [delivering, commanding]) client.destroy();
  });
});

everywhere("a handler that blocks the loop costs others that time, and no error", async (subject) => {
  await serving(subject, "faulty", { timeouts: { command: 2000, block: 2000, handler: 2000 } }, async (served) => {
    const blocking = await envelope(served.port, ["block@deliver.test"]);
    await blocking.command("DATA");
    const other = await envelope(served.port, ["b@y.test"]);
    const busy = await envelope(served.port, ["b@y.test"]);
    await busy.command("DATA");
    blocking.write(message);
    await new Promise((resolve) => setTimeout(resolve, 100));
    // They say so in time; that the server comes late to hear it is not their fault.
    other.write("NOOP\r\n");
    busy.write(message);
    await expectCodes(blocking, [250]);
    await expectCodes(other, [250]);
    await expectCodes(busy, [250]);
    for (const client of [blocking, other, busy]) client.destroy();
  });
});

everywhere("half of a message read, by either door: the reply is the handler's", async (subject) => {
  await serving(subject, "faulty", { timeouts, spool: { memoryPerMessage: 1000 } }, async ({ port }) => {
    for (const octets of [100, 300_000]) {
      const client = await envelope(port, ["half-read@odd.test", "half-requested@odd.test"]);
      await client.command("DATA");
      client.write(`Subject: x\r\n\r\n${"x".repeat(octets)}\r\n.\r\n`);
      await expectCodes(client, [250]);
      await expectBye(client);
    }
  });
});

everywhere("a message kept beyond its reply is gone, and never another's", async (subject) => {
  for (const memoryPerMessage of [1, 2 ** 20]) {
    await serving(subject, "faulty", { timeouts, spool: { memoryPerMessage } }, async (served) => {
      const secret = `Subject: kept\r\n\r\n${"secret\r\n".repeat(20_000)}.\r\n`;
      const other = `Subject: other\r\n\r\n${"others\r\n".repeat(20_000)}.\r\n`;
      const client = await envelope(served.port, ["keep@odd.test", "keep-half@odd.test"]);
      await client.command("DATA");
      client.write(secret);
      await expectCodes(client, [250]);
      const next = await envelope(served.port, ["read-kept@odd.test"]);
      await next.command("DATA");
      next.write(other);
      await expectCodes(next, [250]);
      const outcomes = await served.deliveries();
      expect(outcomes.length).toBe(7);
      for (const { recipient, content } of outcomes) {
        expect([recipient, content]).toEqual([recipient, expect.stringContaining("read after its reply")]);
      }
      for (const each of [client, next]) each.destroy();
    });
  }
});

everywhere("waitUntil() keeps a message beyond its reply", async (subject) => {
  await serving(subject, "faulty", { timeouts, spool: { memoryPerMessage: 1 } }, async (served) => {
    const client = await envelope(served.port, ["wait-until@odd.test"]);
    await client.command("DATA");
    client.write(message);
    await expectCodes(client, [250]);
    client.destroy();
    let found: string[] = [];
    while (found.length === 0) found = (await served.deliveries()).map(({ content }) => content ?? "");
    expect(found).toEqual([expect.stringContaining("the body")]);
  });
});
