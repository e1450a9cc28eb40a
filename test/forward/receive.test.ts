/** One app file behind a forwarder: the same replies as on a port of its own, and nobody else gets in. */

import { describe, expect, test } from "bun:test";
import { type MailHandler, Postern, reply, SmtpError } from "postern";
import { forward, receive, type ReceiveOptions, type ReceiveVariables } from "postern/forward";
import { send, TestClient } from "postern/testing";
import { noise } from "../mail/make.ts";
import { type Asked, says, secret, startFunction, takes } from "./functions.ts";

const mail = { from: "alice@example.org", to: "support@example.com", data: "Subject: Hi\n\nHello\n" };

/** What the app behind was told. */
type Told = Record<string, unknown>[];

function behind(told: Told): Postern {
  const app = new Postern();
  app.mail("*@spam.example", () => reply(550, "5.7.1", "No, thank you"));
  app.rcpt("nobody@example.com", () => {
    throw new SmtpError(550, "5.1.1", "Not here");
  });
  app.deliver("later@example.com", () => reply(450, "4.2.1", ["Not now", "zwölf"]));
  app.deliver("fails@example.com", () => {
    throw new Error("no");
  });
  app.deliver(":user@example.com", async (c) => {
    const { session, envelope, recipient, mail } = c.var;
    told.push({
      user: c.req.param("user"),
      remote: session.remote.address,
      helo: session.helo,
      protocol: session.protocol,
      from: envelope.from?.address ?? null,
      smtputf8: envelope.smtputf8,
      recipient: recipient.address,
      id: mail.id,
      fingerprint: await mail.fingerprint(),
      text: await mail.text(),
    });
    return c.text(`Thanks, ${c.var.recipient.user}`);
  });
  return app;
}

/** A forwarder in front of an app, joined by a fetch. */
function inFrontOf(handler: MailHandler, options: Partial<ReceiveOptions> = {}, key = secret): Postern {
  const door = receive(handler, { secret, ...options });
  const fetch = ((url: URL, init: RequestInit) => door(new Request(url, init))) as unknown as typeof globalThis.fetch;
  const app = new Postern();
  app.deliver("*", forward("https://app.example/inbound", { fetch, secret: key }));
  return app;
}

describe("the same app behind a forwarder and on its own", () => {
  test.each<[string, string, string, string]>([
    ["takes a message, and thanks", mail.from, mail.to, mail.data],
    ["refuses a recipient", mail.from, "nobody@example.com", mail.data],
    ["refuses a stranger's recipient", mail.from, "b@elsewhere.test", mail.data],
    ["refuses a sender", "x@spam.example", mail.to, mail.data],
    ["takes a bounce", "", mail.to, mail.data],
    ["puts off, in several lines", mail.from, "later@example.com", mail.data],
    ["fails", mail.from, "fails@example.com", mail.data],
    ["takes an address in quotes", '"a, b"@example.org', '"c%d"@example.com', mail.data],
    ["takes a message without a header", mail.from, mail.to, "\nonly a body\n"],
    ["takes nothing at all", mail.from, mail.to, ""],
  ])("%s", async (_, from, to, data) => {
    const [direct, forwarded]: [Told, Told] = [[], []];
    const alone = await send(behind(direct), { from, to, data });
    const joined = await send(inFrontOf(behind(forwarded)), { from, to, data });
    const decisive = [alone.mail, ...alone.rcpt, ...alone.data === undefined ? [] : [alone.data]].find((each) =>
      each.code >= 300
    ) ?? alone.data!;
    expect(joined.data?.raw).toBe(decisive.raw);
    const unlike = (told: Told) =>
      told.map(({ id: _id, text, ...rest }) => ({
        ...rest,
        text: `${text}`.replace(/ id .*/, "").replace(/;\r\n.*/, ""),
      }));
    expect(unlike(forwarded)).toEqual(unlike(direct));
  });

  test("SMTPUTF8 survives", async () => {
    const told: Told = [];
    const message = { ...mail, from: "jürgen@bücher.example", parameters: "SMTPUTF8 BODY=8BITMIME" };
    await send(inFrontOf(behind(told)), message);
    expect(told[0]).toMatchObject({ from: "jürgen@bücher.example", smtputf8: true });
  });

  test("octets survive, in a file too", async () => {
    let seen: Uint8Array | undefined;
    const app = new Postern();
    app.deliver("*", async (c) => {
      seen = await c.var.mail.bytes();
      return c.body(null, 204);
    });
    const data = Buffer.concat([Buffer.from("Subject: x\r\n\r\n"), Buffer.from(noise(3_000_000)), Buffer.from("\r\n")]);
    expect((await send(inFrontOf(app), { ...mail, data })).data?.code).toBe(250);
    expect(Buffer.from(seen!).subarray(-data.length).equals(data)).toBe(true);
  });

  test("the stage rcpt asks whether a mailbox exists", async () => {
    const door = receive(behind([]), { secret });
    const fetch = ((url: URL, init: RequestInit) => door(new Request(url, init))) as unknown as typeof globalThis.fetch;
    const app = new Postern();
    const ask = forward("https://app.example/inbound", { fetch, secret });
    app.rcpt("*", ask);
    app.deliver("*", ask);
    const { rcpt } = await send(app, {
      ...mail,
      to: ["nobody@example.com", "b@elsewhere.test", "support@example.com"],
    });
    expect(rcpt.map(({ raw }) => raw)).toEqual([
      "550 5.1.1 Not here",
      "550 5.1.1 No such recipient here",
      "250 2.1.5 Ok",
    ]);
  });
});

describe("only what is signed gets in", () => {
  async function captured(): Promise<Request> {
    let request: Request | undefined;
    const fetch = ((url: URL, init: RequestInit) => {
      request = new Request(url, init);
      return Promise.resolve(new Response(null, { status: 204 }));
    }) as unknown as typeof globalThis.fetch;
    const app = new Postern();
    app.deliver("*", forward("https://app.example/inbound", { fetch, secret }));
    await send(app, mail);
    return request!;
  }

  function changed(request: Request, headers: Record<string, string | null>, body?: string): Request {
    const copy = new Headers(request.headers);
    for (const [name, value] of Object.entries(headers)) value === null ? copy.delete(name) : copy.set(name, value);
    return new Request(
      request.url,
      { method: "POST", headers: copy, body: body ?? request.clone().body, duplex: "half" } as never,
    );
  }

  test("the request as it was made gets in, in whatever order its signatures stand", async () => {
    const told: Told = [];
    const request = await captured();
    const signature = request.headers.get("webhook-signature")!;
    expect((await receive(behind(told), { secret })(changed(request, {}))).status).toBe(200);
    const among = { "webhook-signature": `v1a,abc v1,AAAA ${signature}` };
    expect((await receive(behind(told), { secret })(changed(request, among))).status).toBe(200);
    expect(told).toHaveLength(2);
  });

  test("its id is told, so that an app can drop what it was sent again", async () => {
    const seen: (string | undefined)[] = [];
    const app = new Postern<{ Variables: ReceiveVariables }>();
    app.rcpt("*", async (c, next) => {
      seen.push(c.var.webhookId);
      await next();
    });
    app.deliver("*", (c) => {
      const isDouble = seen.indexOf(c.var.webhookId) < seen.length - 1;
      return c.text(isDouble ? "Had it" : "Thanks");
    });
    const request = await captured();
    const door = receive(app, { secret });
    const replies: (string | null)[] = [];
    for (let time = 0; time < 2; time++) replies.push((await door(changed(request, {}))).headers.get("smtp-reply"));
    expect(replies).toEqual(["250 2.0.0 Thanks", "250 2.0.0 Had it"]);
    expect(seen).toEqual(Array(2).fill(request.headers.get("webhook-id")));
  });

  test.each<[string, Record<string, string | null>, string?]>([
    ["no signature", { "webhook-signature": null }],
    ["no signature of the facts", { "smtp-signature": null }],
    ["no id", { "webhook-id": null }],
    ["no timestamp", { "webhook-timestamp": null }],
    ["another id", { "webhook-id": "msg_0" }],
    ["another time", { "webhook-timestamp": `${Math.floor(Date.now() / 1000) - 7}` }],
    ["an old request", { "webhook-timestamp": "1700000000" }],
    ["a time that is none", { "webhook-timestamp": "now" }],
    ["a signature of another kind", { "webhook-signature": "v2,AAAA" }],
    ["a signature without a value", { "webhook-signature": "v1," }],
    ["another recipient", { "smtp-rcpt-to": "ceo@example.com" }],
    ["another sender", { "smtp-mail-from": "ceo@example.com" }],
    ["another user", { "smtp-user": "admin" }],
    ["another stage", { "smtp-stage": "rcpt" }],
    ["another message", {}, "Subject: Pay me\r\n\r\n"],
    ["no message", {}, ""],
  ])("%s: 401", async (...[, headers, body]) => {
    const told: Told = [];
    const request = changed(await captured(), headers, body);
    expect((await receive(behind(told), { secret })(request)).status).toBe(401);
    expect(told).toEqual([]);
  });

  test("another secret: 401, and the forwarder's sender tries again", async () => {
    const told: Told = [];
    const other = "whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVy";
    expect((await send(inFrontOf(behind(told), {}, other), mail)).data?.raw).toStartWith("451 4.3.0 ");
    expect((await send(inFrontOf(behind(told), { secret: [other, secret] }, other), mail)).data?.code).toBe(250);
    expect(told).toHaveLength(1);
  });

  test("a GET, and a plain POST to a stage's path: nothing", async () => {
    const told: Told = [];
    const app = behind(told);
    app.post("/inbound", receive(app, { secret }));
    app.get("/healthz", (c) => c.text("ok"));
    const statuses: number[] = [];
    for (
      const [method, path] of [["GET", "/healthz"], ["POST", "/inbound"], ["POST", "/deliver/example.com/support"]]
    ) {
      statuses.push((await app.fetch(new Request(`https://app.example${path}`, { method: method! }))).status);
    }
    expect(statuses).toEqual([200, 401, 404]);
    expect((await app.fetch(await captured())).status).toBe(200);
    expect(told).toHaveLength(1);
  });

  test("too large: 413 before it is kept", async () => {
    const told: Told = [];
    const { data } = await send(inFrontOf(behind(told), { maxSize: 100 }), mail);
    expect(data?.raw).toBe("552 5.3.4 Message too large");
    expect(told).toEqual([]);
  });

  test("another format is a mistake in the set-up: the mail waits", async () => {
    const door = receive(behind([]), { secret });
    const fetch = ((url: URL, init: RequestInit) => door(new Request(url, init))) as unknown as typeof globalThis.fetch;
    const app = new Postern();
    app.deliver("*", forward("https://app.example/", { fetch, secret, format: "json" }));
    expect((await send(app, mail)).data?.raw).toMatch(/^451 4\.3\.0 Only the format raw/);
  });
});

describe("the stage auth", () => {
  async function login(
    target: Parameters<typeof startFunction>[0],
    url?: string,
  ): Promise<{ reply: string; asked: Asked[] }> {
    await using running = await startFunction(target);
    const app = new Postern();
    const options = url === undefined ? { allowPrivate: true } : {};
    app.auth("PLAIN", forward(url ?? running.url, { secret, ...options }));
    const client = new TestClient(app, { allowInsecureAuth: true });
    await client.reply();
    await client.command("EHLO client.test");
    const { raw } = await client.command(`AUTH PLAIN ${btoa("\0alice\0s3cret")}`);
    await client.close();
    return { reply: raw, asked: running.asked };
  }

  test("asks the function about a password, as HTTP asks", async () => {
    const { reply, asked } = await login(takes);
    expect(reply).toStartWith("235 2.7.0 ");
    expect(asked[0]?.headers).toMatchObject({
      authorization: `Basic ${btoa("alice:s3cret")}`,
      "smtp-stage": "auth",
    });
    expect((await login(says(401))).reply).toStartWith("535 5.7.8 ");
    expect((await login(says(500))).reply).toStartWith("454 4.7.0 ");
  });

  test("sends no password over the Internet in the clear", async () => {
    expect((await login(takes, "http://app.example/")).reply).toStartWith("454 4.7.0 ");
  });
});
