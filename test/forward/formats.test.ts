/** Each format has the shape that its service documents. */

import { describe, expect, test } from "bun:test";
import { createHash, createHmac } from "node:crypto";
import { Postern } from "postern";
import { type FormatName, formatNames, forward } from "postern/forward";
import { send } from "postern/testing";
import { readMail } from "../mail/check.ts";
import { expectedMails } from "../mail/expected.ts";
import { secret, startFunction } from "./functions.ts";

/** As the middleware leave them. */
const verdicts = {
  spf: { result: "pass", domain: "example.com" },
  auth: { dkim: [{ result: "pass", domain: "example.com" }, { result: "fail", domain: "list.test" }] },
};

interface Posted {
  readonly headers: Headers;
  readonly text: string;
  json(): Record<string, unknown>;
  form(): Promise<FormData>;
}

async function post(format: FormatName, name = "mixed", recipient = "support+42@example.com"): Promise<Posted> {
  await using target = await startFunction();
  const app = new Postern();
  app.mail((c) => {
    Object.assign(c.var.envelope.locals, verdicts);
    Object.assign(c.var.envelope.locals, { connection: new WeakMap(), toJSON: () => "mine" });
    return c.body(null, 204);
  });
  app.deliver("*", forward(target.url, { allowPrivate: true, format, secret }));
  const data = readMail(name);
  const { data: reply } = await send(app, { from: "alice@example.com", to: recipient, data });
  expect(reply?.code).toBe(250);
  const { headers, body } = target.asked[0]!;
  return {
    headers: new Headers(headers),
    text: body.toString(),
    json: () => JSON.parse(body.toString()),
    form: () => new Response(new Uint8Array(body), { headers }).formData() as Promise<FormData>,
  };
}

const [attached] = expectedMails.find(({ name }) => name === "mixed")!.attachments!;

function digest(octets: ArrayBuffer | Buffer): string {
  return createHash("sha256").update(Buffer.from(octets as ArrayBuffer)).digest("hex");
}

test("json: envelope, verdicts, message, attachments in base64", async () => {
  const { headers, json } = await post("json");
  expect(headers.get("content-type")).toBe("application/json");
  const { type, timestamp, data } = json() as { type: string; timestamp: string; data: Record<string, unknown> };
  expect(type).toBe("mail.deliver");
  expect(new Date(timestamp).toISOString()).toBe(timestamp);
  expect(data).toMatchObject({
    session: { remoteAddress: "127.0.0.1", helo: "client.test", protocol: "ESMTP" },
    envelope: { from: "alice@example.com", to: ["support+42@example.com"], body: "7BIT", smtputf8: false },
    recipient: { address: "support+42@example.com", user: "support", tag: "42", domain: "example.com" },
    message: {
      subject: "Report and a forwarded letter",
      from: [{ name: "Alice Example", address: "alice@example.com" }],
      to: [{ name: "Bob", address: "bob@example.net" }],
      text: expect.stringContaining("Grüße, Alice"),
    },
  });
  expect(data["verdicts"]).toEqual(verdicts);
  const [first] = (data["message"] as { attachments: Record<string, string>[] }).attachments;
  expect(first).toMatchObject({
    filename: attached?.filename,
    contentType: attached?.contentType,
    size: attached?.size,
  });
  expect(digest(Buffer.from(first!["content"]!, "base64"))).toBe(attached!.sha256);
});

test("json-multipart: the same, each attachment a part", async () => {
  const { form } = await post("json-multipart");
  const fields = await form();
  const { data } = JSON.parse(await new Response(fields.get("payload")).text());
  const [first] = data.message.attachments;
  expect(first).not.toHaveProperty("content");
  expect(first.part).toBe("attachment-1");
  const file = fields.get(first.part) as File;
  expect(file.name).toBe(attached!.filename!);
  expect(digest(await file.arrayBuffer())).toBe(attached!.sha256);
});

test("postmark", async () => {
  const posted = (await post("postmark")).json();
  expect(posted).toMatchObject({
    FromName: "Alice Example",
    From: "alice@example.com",
    FromFull: { Email: "alice@example.com", Name: "Alice Example", MailboxHash: "" },
    To: '"Bob" <bob@example.net>',
    ToFull: [{ Email: "bob@example.net", Name: "Bob", MailboxHash: "" }],
    Cc: "",
    CcFull: [],
    Bcc: "",
    OriginalRecipient: "support+42@example.com",
    MailboxHash: "42",
    Subject: "Report and a forwarded letter",
    TextBody: expect.stringContaining("Grüße, Alice"),
    MessageStream: "inbound",
  });
  const [first] = posted["Attachments"] as Record<string, string>[];
  expect(first).toMatchObject({ Name: attached?.filename, ContentType: attached?.contentType, ContentID: "" });
  expect(digest(Buffer.from(first!["Content"]!, "base64"))).toBe(attached!.sha256);
  expect(posted["Headers"]).toContainEqual({ Name: "Subject", Value: "Report and a forwarded letter" });
});

test("sendgrid", async () => {
  const fields = await (await post("sendgrid")).form();
  const text = (name: string) => `${fields.get(name)}`;
  expect(text("from")).toBe('"Alice Example" <alice@example.com>');
  expect(text("subject")).toBe("Report and a forwarded letter");
  expect(text("text")).toContain("Grüße, Alice");
  expect(text("sender_ip")).toBe("127.0.0.1");
  expect(text("SPF")).toBe("pass");
  expect(text("dkim")).toBe("{@example.com : pass, @list.test : fail}");
  expect(JSON.parse(text("envelope"))).toEqual({ to: ["support+42@example.com"], from: "alice@example.com" });
  expect(JSON.parse(text("charsets"))).toMatchObject({ subject: "UTF-8", text: "UTF-8" });
  expect(text("headers")).toContain("Subject: Report and a forwarded letter\n");
  expect(JSON.parse(text("attachment-info")).attachment1).toMatchObject({ type: attached!.contentType });
  expect(Number(text("attachments"))).toBeGreaterThan(0);
  expect(digest(await (fields.get("attachment1") as File).arrayBuffer())).toBe(attached!.sha256);
});

test("mailgun, with its own signature", async () => {
  const fields = await (await post("mailgun")).form();
  const text = (name: string) => `${fields.get(name)}`;
  expect(text("recipient")).toBe("support+42@example.com");
  expect(text("sender")).toBe("alice@example.com");
  expect(text("body-plain")).toContain("Grüße, Alice");
  expect(text("stripped-text")).toBe(text("body-plain"));
  expect(JSON.parse(text("message-headers"))).toContainEqual(["Subject", "Report and a forwarded letter"]);
  expect(digest(await (fields.get("attachment-1") as File).arrayBuffer())).toBe(attached!.sha256);
  expect(text("token")).toHaveLength(50);
  const expected = createHmac("sha256", secret).update(text("timestamp") + text("token")).digest("hex");
  expect(text("signature")).toBe(expected);
});

test("smtp2http", async () => {
  const posted = (await post("smtp2http")).json();
  expect(posted).toMatchObject({
    spf: "pass",
    subject: "Report and a forwarded letter",
    body: { text: expect.stringContaining("Grüße, Alice") },
    addresses: {
      from: { name: "Alice Example", address: "alice@example.com" },
      to: { address: "support+42@example.com" },
    },
  });
  const [first] = posted["attachments"] as Record<string, string>[];
  expect(first).toMatchObject({ filename: attached?.filename, content_type: attached?.contentType });
  expect(digest(Buffer.from(first!["data"]!, "base64"))).toBe(attached!.sha256);
});

test("smtp2http: embedded files have their id", async () => {
  const posted = (await post("smtp2http", "inline")).json();
  expect(posted["embedded_files"]).toMatchObject([{ cid: expect.any(String), data: expect.any(String) }]);
});

test("action-mailbox: the message, and where it came to", async () => {
  const { headers, text } = await post("action-mailbox");
  expect(headers.get("content-type")).toBe("message/rfc822");
  expect(text).toStartWith("X-Original-To: support+42@example.com\r\nReturn-Path: <alice@example.com>\r\nReceived: ");
});

describe("every message of test/mail goes through every format", () => {
  for (const format of formatNames) {
    test(format, async () => {
      for (const { name } of expectedMails) {
        const { headers, text, json, form } = await post(format, name, "bob@example.net");
        expect(Number(headers.get("content-length"))).toBeGreaterThan(0);
        if (headers.get("content-type") === "application/json") expect(json()).toBeObject();
        else if (headers.get("content-type")?.startsWith("multipart/")) expect([...await form()]).not.toEqual([]);
        else expect(text).toContain("Received: ");
      }
    }, 60_000);
  }
});

describe("a question without a message", () => {
  async function ask(format: FormatName): Promise<{ codes: string; asked: unknown }> {
    await using target = await startFunction((asked, response) => {
      response.writeHead(asked.headers["smtp-rcpt-to"]?.startsWith("bob") ? 204 : 404).end();
    });
    const app = new Postern();
    const handler = forward(target.url, { allowPrivate: true, format, secret });
    app.rcpt("*", handler);
    const { rcpt } = await send(app, { from: "", to: ["bob@example.com", "eve@example.com"], data: "" });
    const [one] = target.asked;
    const asked = one?.body.length === 0 ? "" : one === undefined ? undefined : JSON.parse(one.body.toString());
    expect(new Set(target.asked.map(({ headers }) => headers["webhook-id"])).size).toBe(target.asked.length);
    return { codes: rcpt.map(({ code }) => code).join(), asked };
  }

  test("raw: has no body", async () => {
    expect(await ask("raw")).toEqual({ codes: "250,550", asked: "" });
  });

  test("json: says all in its body", async () => {
    const { codes, asked } = await ask("json");
    expect(codes).toBe("250,550");
    expect(asked).toMatchObject({ type: "mail.rcpt", data: { envelope: { from: null, to: ["bob@example.com"] } } });
  });

  test("a format for messages has no word for it: 451, and a line in the log", async () => {
    expect(await ask("postmark")).toEqual({ codes: "451,451", asked: undefined });
  });
});
