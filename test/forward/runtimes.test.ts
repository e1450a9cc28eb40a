/** Forwarding over real sockets on each runtime: a function that is slow, silent, huge, gone, or another host's. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { lookup } from "node:dns/promises";
import { hostname } from "node:os";
import { Webhook } from "standardwebhooks";
import { Postern, reply } from "postern";
import { receive } from "postern/forward";
import { Runtime, runtimeNames, type Served } from "../runtime.ts";
import { skipped } from "../clients/found.ts";
import { stuffed } from "../../src/testing/send.ts";
import { noise } from "../mail/make.ts";
import { WireClient } from "../wire.ts";
import { type Answering, type HttpFunction, says, secret, startFunction, takes } from "./functions.ts";

setDefaultTimeout(60_000);

// A name that no rule about names knows to be private: only whoever looks it up sees where it leads.
const machine = hostname();
const isInside = (await lookup(machine).catch(() => undefined))?.address === "127.0.0.1" ||
  skipped(`the machine's own name, ${machine}, is not 127.0.0.1`);

describe.each([...runtimeNames])("%s", (name) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await Runtime.start(name);
  });
  afterAll(async () => await runtime[Symbol.asyncDispose]());

  async function withFunction(
    answering: Answering,
    body: (served: Served, target: HttpFunction) => Promise<void>,
    options: object = {},
  ): Promise<void> {
    await using target = await startFunction(answering);
    const env = { url: target.url, options: { allowPrivate: true, secret, ...options } };
    const served = await runtime.serve("forwarding", { env });
    try {
      await body(served, target);
    } finally {
      await served.close(0);
    }
  }

  /** Sends a message; one in pieces goes out as it is: no line of it begins with a dot, and the last one is whole. */
  async function sendTo(
    served: Served,
    to = "b@y.test",
    data: string | Uint8Array | Uint8Array[] = "Subject: x\n\nHello\n",
  ) {
    const client = await WireClient.connect({ port: served.port });
    try {
      await client.reply();
      await client.command("EHLO c.test");
      await client.command("MAIL FROM:<a@x.test>");
      const rcpt = await client.command(`RCPT TO:<${to}>`);
      if (rcpt.code !== 250) return rcpt.raw;
      await client.command("DATA");
      for (const piece of Array.isArray(data) ? [...data, ".\r\n"] : [stuffed(data)]) client.write(piece);
      return (await client.reply()).raw;
    } finally {
      client.destroy();
    }
  }

  test.each<[string, Answering, RegExp, object]>([
    ["takes", takes, /^250 2\.0\.0 Ok: queued as /, {}],
    ["takes, and says something", says(200, "Ticket 7"), /^250 2\.0\.0 Ticket 7$/, {}],
    ["refuses", says(422, "No macros"), /^554 5\.6\.0 No macros$/, {}],
    ["spells its reply out", says(200, "", { "smtp-reply": "450 4.2.1 Busy" }), /^450 4\.2\.1 Busy$/, {}],
    ["fails", says(500), /^451 4\.3\.0 /, {}],
    ["takes, with a month for it", takes, /^250 /, { timeout: 2 ** 31 }],
    ["never answers", () => {}, /^451 4\.3\.0 /, { timeout: 300 }],
    ["drips", (_, response) => void response.writeHead(200).write("x"), /^451 4\.3\.0 /, { timeout: 300 }],
    ["resets", (_, response) => void response.socket?.resetAndDestroy(), /^451 4\.3\.0 /, {}],
    ["speaks no HTTP", (_, response) => void response.socket?.end("250 Ok\r\n"), /^451 4\.3\.0 /, {}],
    ["redirects elsewhere", says(307, "", { location: "http://192.0.2.1/" }), /^451 4\.3\.0 /, {}],
    ["has a huge answer", says(550, "word ".repeat(200_000)), /^550-5\.0\.0 word /, {}],
  ])("a function that %s", async (_, answering, reply, options) => {
    await withFunction(answering, async (served) => expect(await sendTo(served)).toMatch(reply), options);
  });

  test("a private address is refused without a connection", async () => {
    await withFunction(takes, async (served, target) => {
      expect(await sendTo(served)).toMatch(/^451 4\.3\.0 /);
      expect(target.connections()).toBe(0);
    }, { allowPrivate: false });
  });

  test.skipIf(!isInside)("a name that leads to a private address is refused without a connection", async () => {
    await using target = await startFunction(takes);
    const url = new URL(target.url);
    url.hostname = machine;
    for (const [allowPrivate, reply, connections] of [[false, /^451 4\.3\.0 /, 0], [true, /^250 /, 1]] as const) {
      const served = await runtime.serve("forwarding", { env: { url: url.href, options: { allowPrivate, secret } } });
      expect(await sendTo(served)).toMatch(reply);
      expect(target.connections()).toBe(connections);
      await served.close(0);
    }
  });

  test("a function is asked whether a mailbox exists", async () => {
    const answering: Answering = (asked, response) =>
      void response.writeHead(asked.headers["smtp-stage"] === "rcpt" ? 404 : 204).end();
    await withFunction(answering, async (served, target) => {
      expect(await sendTo(served, "asked@y.test")).toBe("550 5.1.1 No such recipient here");
      expect(await sendTo(served, "b@y.test")).toStartWith("250 ");
      expect(target.asked.map(({ headers }) => headers["smtp-stage"])).toEqual(["rcpt", "deliver"]);
    });
  });

  test("large messages arrive octet for octet, with their length, over connections that are kept", async () => {
    const data = Buffer.concat([Buffer.from("Subject: Large\r\n\r\n"), noise(10_000_000), Buffer.from("\r\n")]);
    await withFunction(takes, async (served, target) => {
      for (let time = 0; time < 2; time++) expect(await sendTo(served, "b@y.test", data)).toStartWith("250 ");
      expect(target.connections()).toBe(1);
      for (const { headers, body } of target.asked) {
        expect(headers["content-length"]).toBe(`${body.length}`);
        const sent = body.subarray(-data.length);
        expect(createHash("sha256").update(sent).digest("hex")).toBe(createHash("sha256").update(data).digest("hex"));
      }
      expect(target.asked[0]?.headers["webhook-id"]).toBe(target.asked[1]!.headers["webhook-id"]!);
    });
  });

  test("a large message goes through, and is not gathered on its way", async () => {
    const half = promised();
    const goOn = promised();
    let read = 0;
    const reading: Answering = async (_, response, request) => {
      for await (const piece of request) {
        read += piece.length;
        if (read < 50_000_000 || half.isFulfilled) continue;
        half.fulfil();
        await goOn.promise;
      }
      response.writeHead(200).end();
    };
    await using target = await startFunction(reading, { answersEarly: true });
    const env = { url: target.url, options: { allowPrivate: true, secret } };
    const served = await runtime.serve("forwarding", { env, maxSize: 200_000_000 });
    // The first one brings to life what every large message needs.
    const header = Buffer.from("Subject: Large\r\n\r\n");
    const block = Buffer.from(`${"word ".repeat(15)}\r\n`.repeat(130_000));
    expect(await sendTo(served, "b@y.test", [header, block])).toStartWith("250 ");
    read = 0;
    const most = await runtime.memory() + 50 * 1024 * 1024;
    const answer = sendTo(served, "b@y.test", [header, ...new Array(10).fill(block)]);
    await half.promise;
    expect(await runtime.memoryBelow(most)).toBeLessThan(most);
    goOn.fulfil();
    expect(await answer).toStartWith("250 ");
    expect(read).toBeGreaterThan(100_000_000);
    await served.close(0);
  });

  test("a function that answers before it has read the message makes room for the next", async () => {
    // Of a kept connection it reads nothing more: neither the message nor another request gets through.
    const pausing: Answering = (_, response, request) => void response.writeHead(413).end(() => request.socket.pause());
    await using target = await startFunction(pausing, { answersEarly: true });
    const env = { url: target.url, options: { allowPrivate: true, secret, concurrency: 1, timeout: 20_000 } };
    const served = await runtime.serve("forwarding", { env });
    const data = Buffer.concat([Buffer.from("Subject: Large\r\n\r\n"), noise(20_000_000), Buffer.from("\r\n")]);
    for (let time = 0; time < 3; time++) expect(await sendTo(served, "b@y.test", data)).toStartWith("552 5.3.4 ");
    await served.close(0);
  });

  test("an app behind it says what it would say on a port of its own", async () => {
    const told: string[] = [];
    const app = new Postern();
    app.rcpt("asked@y.test", () => reply(550, "5.1.1", "Not here"));
    app.deliver("*@y.test", async (c) => {
      told.push(`${c.var.session.helo} ${c.var.envelope.from?.address} ${await c.var.mail.text()}`);
      return c.text(`Thanks, ${c.var.recipient.user}`);
    });
    const door = receive(app, { secret });
    const behind = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => door(request) });
    const env = { url: behind.url.href, options: { allowPrivate: true, secret } };
    const served = await runtime.serve("forwarding", { env });
    expect(await sendTo(served, "asked@y.test")).toBe("550 5.1.1 Not here");
    expect(await sendTo(served, "b+1@y.test")).toBe("250 2.0.0 Thanks, b");
    expect(told).toEqual([
      expect.stringMatching(/^c\.test a@x\.test Return-Path: <a@x\.test>\r\nReceived: [^]*Hello\r\n$/),
    ]);
    await served.close(0);
    await behind.stop(true);
  });

  test("the library verifies what it signs", async () => {
    await withFunction(takes, async (served, target) => {
      await sendTo(served);
      const { headers, body } = target.asked[0]!;
      new Webhook(secret).verify(body, headers as Record<string, string>, { jsonParse: false } as never);
    });
  });

  test("JSON is made there as well", async () => {
    await withFunction(takes, async (served, target) => {
      await sendTo(served, "b@y.test", "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n\nHello\n");
      expect(JSON.parse(target.asked[0]!.body.toString()).data.message.subject).toBe("Grüße");
    }, { format: "json" });
  });
});

/** A promise, and what fulfils it. */
function promised() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const made = {
    promise,
    isFulfilled: false,
    fulfil() {
      made.isFulfilled = true;
      resolve();
    },
  };
  return made;
}
