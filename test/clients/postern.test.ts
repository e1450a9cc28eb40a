/** Real programs hand real mail to Postern, on each of its runtimes. */

import { Buffer } from "node:buffer";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readMail } from "../mail/check.ts";
import { expectedMails } from "../mail/expected.ts";
import { Runtime, runtimeNames } from "../runtime.ts";
import { stuffed } from "../../src/testing/send.ts";
import { WireClient } from "../wire.ts";
import { clients } from "./all.ts";
import type { Message } from "./client.ts";
import * as exim from "./exim.ts";
import * as postfix from "./postfix.ts";
import * as smtpSource from "./smtp_source.ts";

setDefaultTimeout(60_000);

const message: Message = {
  from: "alice@example.com",
  to: ["b@y.test", "c@y.test"],
  data:
    "From: alice@example.com\r\nSubject: hello\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n" +
    "Content-Transfer-Encoding: 8bit\r\n\r\n.\r\n..two\r\ngrüße\r\n.\r\n",
};
const body = "\r\n\r\n.\r\n..two\r\ngrüße\r\n.\r\n";

/** Those that send in clear, as far as they are installed. */
const installed = new Set<unknown>();
for (const client of clients) if (client.tls.includes("none") && await client.available()) installed.add(client);
const has = {
  postfix: await postfix.available(),
  exim: await exim.available(),
  smtpSource: await smtpSource.available(),
};

for (const name of runtimeNames) {
  describe(name, () => {
    let runtime: Runtime;
    beforeAll(async () => {
      runtime = await Runtime.start(name);
    });
    afterAll(async () => await runtime[Symbol.asyncDispose]());

    for (const client of clients) {
      test.skipIf(!installed.has(client))(`${client.name} delivers`, async () => {
        const served = await runtime.serve("conformance");
        const target = { host: "127.0.0.1", port: served.port };
        expect(await client.send(target, message)).toMatchObject({ code: 0 });
        const refused = await client.send(target, { ...message, to: ["x@refused.test"] });
        expect(refused.code).not.toBe(0);
        const delivered = await served.deliveries();
        await served.close();
        expect(delivered.map(({ recipient }) => recipient).sort()).toEqual(["b@y.test", "c@y.test"]);
        for (const { content } of delivered) {
          expect(Buffer.from(content!, "latin1").toString()).toEndWith(body);
          if (client.verbatim) expect(Buffer.from(content!, "latin1").toString()).toBe(message.data as string);
        }
      });
    }

    test("all mail of test/mail reads as the table says", async () => {
      const served = await runtime.serve("parsing");
      const client = await WireClient.connect({ port: served.port });
      await client.reply();
      await client.command("EHLO c.test");
      for (const { name } of expectedMails) {
        await client.command(`MAIL FROM:<a@x.test>${name === "smtputf8" ? " SMTPUTF8" : ""}`);
        await client.command(`RCPT TO:<${name}@mail.test>`);
        await client.command("DATA");
        client.write(stuffed(readMail(name)));
        expect([name, (await client.reply()).code]).toEqual([name, 250]);
      }
      client.destroy();
      const delivered = await served.deliveries();
      await served.close();
      expect(delivered.flatMap(({ content }) => JSON.parse(content!))).toEqual([]);
      expect(delivered.length).toBe(expectedMails.length);
    });

    test.skipIf(!has.postfix)(
      "a Postfix with a queue: one handler throws, and all three have it once",
      async () => {
        const served = await runtime.serve("oneThrowsOnce");
        await using queue = await postfix.startPostfix({ relay: { host: "127.0.0.1", port: served.port } });
        await queue.submit({ from: "a@x.test", to: ["a@y.test", "b@y.test", "c@y.test"], data: message.data });
        await queue.emptied();
        const delivered = await served.deliveries();
        await served.close();
        expect(delivered.map(({ recipient }) => recipient).sort()).toEqual(["a@y.test", "b@y.test", "c@y.test"]);
      },
    );

    test.skipIf(!has.exim)("an Exim with a queue delivers", async () => {
      const served = await runtime.serve("conformance");
      await using queue = await exim.startExim({ relay: { host: "127.0.0.1", port: served.port } });
      await queue.submit(message);
      await queue.emptied();
      const delivered = await served.deliveries();
      await served.close();
      expect(delivered.map(({ recipient }) => recipient).sort()).toEqual(["b@y.test", "c@y.test"]);
    });

    test.skipIf(!has.smtpSource)("smtp-source: two thousand messages, each delivered", async () => {
      const served = await runtime.serve("conformance");
      const target = { host: "127.0.0.1", port: served.port };
      await smtpSource.load(target, { sessions: 20, messages: 1000, bytes: 1024, keepConnections: true });
      await smtpSource.load(target, { sessions: 20, messages: 1000, bytes: 1024, keepConnections: false });
      const delivered = await served.deliveries();
      await served.close();
      expect(delivered.length).toBe(2000);
    });
  });
}
