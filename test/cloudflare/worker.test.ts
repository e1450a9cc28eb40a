/** An email worker under Postern: it is told what Email Routing would tell it, and what it does has the same effect. */

import { describe, expect, test } from "bun:test";
import type { ExportedHandler } from "@cloudflare/workers-types";
import { createTransport } from "nodemailer";
import { Postern } from "postern";
import { EmailMessage, fromEmailWorker, type OutgoingMail, type WorkerEmailMessage } from "postern/cloudflare";
import { send } from "postern/testing";

const mail = {
  from: "alice@example.org",
  to: "bob@example.com",
  data: "From: Alice <alice@example.org>\nSubject: Hi\nMessage-ID: <1@example.org>\nX-A: 1\nX-A: 2\n\nHello\n",
};

async function heard(
  worker: Parameters<typeof fromEmailWorker>[0],
  options: Parameters<typeof fromEmailWorker>[1] = {},
  from: string = mail.from,
): Promise<string> {
  const app = new Postern();
  app.deliver("*", fromEmailWorker(worker, options));
  return (await send(app, { ...mail, from }, { env: { KEY: "value" } })).data?.raw ?? "";
}

test("gets the message, its bindings and a context", async () => {
  const seen: unknown[] = [];
  const worker: ExportedHandler<{ KEY: string }> = {
    async email(message, env, context) {
      const text = await new Response(message.raw as unknown as ReadableStream).text();
      seen.push(message.from, message.to, message.headers.get("subject"), message.headers.get("x-a"));
      seen.push(text.length === message.rawSize, text.endsWith("\r\n\r\nHello\r\n"), env.KEY, message.canBeForwarded);
      context.waitUntil(Promise.resolve().then(() => seen.push("later")));
    },
  };
  expect(await heard(worker)).toStartWith("250 2.0.0 ");
  expect(seen).toEqual([mail.from, mail.to, "Hi", "1, 2", true, true, "value", false, "later"]);
});

test("gets messages with names that HTTP has no room for, and has those fields in raw alone", async () => {
  const names = Array.from({ length: 94 }, (_, at) => String.fromCharCode(0x21 + at)).filter((one) => one !== ":");
  const fields = names.map((name) => `X-${name}: ${name.charCodeAt(0)}\n`).join("");
  let seen: string[] = [];
  let text = "";
  const worker = {
    async email(message: WorkerEmailMessage) {
      seen = [...message.headers.keys()].filter((name) => name.startsWith("x-"));
      text = await new Response(message.raw).text();
    },
  };
  const app = new Postern();
  app.deliver("*", fromEmailWorker(worker));
  const data = `${fields}X-Foo/Bar: (\u00fc)\n${mail.data}`;
  expect((await send(app, { ...mail, data })).data?.raw).toStartWith("250 2.0.0 ");
  const inHttp = [..."!#$%&'*+-.0123456789^_`abcdefghijklmnopqrstuvwxyz|~"];
  expect(seen.toSorted()).toEqual(inHttp.map((name) => `x-${name}`));
  expect(text).toContain("X-Foo/Bar: (\u00fc)\r\n");
});

test("setReject() is 550 with its reason, whatever is in it", async () => {
  expect(await heard({ email: (message: WorkerEmailMessage) => message.setReject("Unknown address") })).toBe(
    "550 5.7.1 Unknown address",
  );
  expect(await heard({ email: (message: WorkerEmailMessage) => message.setReject("no\r\n250 ok") })).toBe(
    "550-5.7.1 no\r\n550 5.7.1 250 ok",
  );
});

test("a throw is 451: the sender tries again", async () => {
  const worker = { email: () => Promise.reject(new Error("no")) };
  expect(await heard(worker)).toStartWith("451 4.3.0 ");
});

describe("without a sender", () => {
  test.each(["forward", "reply"] as const)("%s() fails with a word on what to do", async (what) => {
    let problem = "";
    const worker = {
      async email(message: WorkerEmailMessage) {
        await (message[what] as (to: unknown) => Promise<unknown>)("c@example.net").catch((error) => {
          problem = error.message;
          throw error;
        });
      },
    };
    expect(await heard(worker)).toStartWith("451 4.3.0 ");
    expect(problem).toContain('give fromEmailWorker the option "send"');
  });
});

describe("with nodemailer as its sender", () => {
  async function sent(email: (message: WorkerEmailMessage) => unknown, from?: string) {
    const transport = createTransport({ streamTransport: true, buffer: true });
    const mails: { envelope: unknown; text: string }[] = [];
    const send = async (outgoing: OutgoingMail) => {
      const info = await transport.sendMail(outgoing as never);
      mails.push({ envelope: info.envelope, text: `${info.message}`.replaceAll("\r\n", "\n") });
      return info;
    };
    const reply = await heard({ email }, { send }, from);
    return { reply, mails };
  }

  test("forward() sends the message on, with fields before it", async () => {
    const { reply, mails } = await sent((message) =>
      message.forward("c@example.net", new Headers({ "X-Seen": "yes" }))
    );
    expect(reply).toStartWith("250 ");
    expect(mails[0]?.envelope).toEqual({ from: mail.from, to: ["c@example.net"] });
    expect(mails[0]?.text).toMatch(/^x-seen: yes\nReturn-Path: [^]*Subject: Hi\n[^]*\n\nHello\n$/);
  });

  test("forward() adds no other fields than X-", async () => {
    const { reply, mails } = await sent((message) => message.forward("c@example.net", new Headers({ From: "x@y" })));
    expect({ reply: reply.slice(0, 3), mails }).toEqual({ reply: "451", mails: [] });
  });

  test("reply() sends what the worker made, to the sender only", async () => {
    const raw = "From: bob@example.com\r\nTo: alice@example.org\r\nSubject: Re: Hi\r\n\r\nThanks\r\n";
    const { mails } = await sent((message) => message.reply(new EmailMessage("bob@example.com", message.from, raw)));
    expect(mails).toEqual([{
      envelope: { from: "bob@example.com", to: [mail.from] },
      text: raw.replaceAll("\r\n", "\n"),
    }]);
    const wrong = await sent((message) => message.reply(new EmailMessage("bob@example.com", "eve@example.net", raw)));
    expect({ reply: wrong.reply.slice(0, 3), mails: wrong.mails }).toEqual({ reply: "451", mails: [] });
  });

  test("reply() puts a message together, in its thread", async () => {
    const { mails } = await sent((message) =>
      message.reply({
        from: { name: "Bob", email: "bob@example.com" },
        subject: "Re: Hi",
        text: "Thanks",
        attachments: [{
          disposition: "attachment",
          filename: "a.txt",
          type: "text/plain",
          content: new Uint8Array([97]),
        }],
      })
    );
    expect(mails[0]?.envelope).toEqual({ from: "bob@example.com", to: [mail.from] });
    expect(mails[0]?.text).toMatch(/^From: Bob <bob@example.com>$/m);
    expect(mails[0]?.text).toMatch(/^In-Reply-To: <1@example.org>$/m);
    expect(mails[0]?.text).toContain("filename=a.txt");
  });

  test("nobody replies to a bounce", async () => {
    const { reply, mails } = await sent((message) => message.reply({ from: "b@example.com", subject: "x" }), "");
    expect({ reply: reply.slice(0, 3), mails }).toEqual({ reply: "451", mails: [] });
  });
});

test("what is no email worker is refused at once", () => {
  expect(() => fromEmailWorker({})).toThrow("give an object with an email(message, env, ctx) function");
});

test("at another stage it is a mistake, and the sender tries again", async () => {
  const app = new Postern();
  app.rcpt("*", fromEmailWorker({ email() {} }));
  expect((await send(app, mail)).rcpt[0]?.raw).toStartWith("451 4.3.0 ");
});
