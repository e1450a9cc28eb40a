/** Requests are signed by Standard Webhooks: the public library says so. */

import { describe, expect, test } from "bun:test";
import { Webhook } from "standardwebhooks";
import { Postern } from "postern";
import { forward } from "postern/forward";
import { send } from "postern/testing";
import { stackOf } from "../../src/visible.ts";
import { type Asked, secret, startFunction, takes } from "./functions.ts";

const other = "whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVy";
const mail = { from: "alice@example.org", to: "support@example.com", data: "Subject: Grüße\n\nHello\n" };

async function asked(
  options: Parameters<typeof forward>[1],
  to: string | string[] = mail.to,
  times = 1,
  from: readonly string[] = [mail.from],
): Promise<Asked[]> {
  await using target = await startFunction(takes);
  const app = new Postern();
  app.deliver("*", forward(target.url, { allowPrivate: true, ...options }));
  for (const each of from) for (let time = 0; time < times; time++) await send(app, { ...mail, from: each, to });
  return target.asked;
}

/** JSON is parsed by the library; other bodies only checked. */
function verify(key: string, { headers, body }: Asked, isJson = false): unknown {
  return new Webhook(key).verify(body, headers as Record<string, string>, { jsonParse: isJson } as never);
}

describe("Standard Webhooks", () => {
  test("the library verifies a message in the format raw", async () => {
    const [one] = await asked({ secret });
    verify(secret, one!);
    expect(() => verify(other, one!)).toThrow("No matching signature");
    expect(() => verify(secret, { ...one!, body: Buffer.from("another") })).toThrow("No matching signature");
  });

  test("and JSON, which it parses", async () => {
    const [one] = await asked({ secret, format: "json" });
    expect(verify(secret, one!, true)).toMatchObject({ type: "mail.deliver", data: { message: { subject: "Grüße" } } });
  });

  test("both secrets sign while one replaces the other", async () => {
    const [one] = await asked({ secret: [other, secret] });
    verify(secret, one!);
    verify(other, one!);
  });

  test("the id is the same for each attempt, and another for each recipient", async () => {
    const requests = await asked({ secret }, ["a@example.com", "B@example.com"], 2);
    const ids = requests.map(({ headers }) => headers["webhook-id"]);
    expect(ids).toHaveLength(4);
    expect(ids[2]).toBe(ids[0]);
    expect(ids[3]).toBe(ids[1]);
    expect(ids[1]).not.toBe(ids[0]);
    expect(ids[0]).toMatch(/^msg_[0-9a-f]{32}$/);
  });

  test("the id is another for each sender, whatever they say", async () => {
    const from = ["alice@example.org", "", "bob@example.org", "Alice@example.org", "alice@example.org"];
    const ids = (await asked({ secret }, mail.to, 1, from)).map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(4);
    expect(ids[4]).toBe(ids[0]);
  });

  test("without a secret nothing is signed", async () => {
    const [one] = await asked({});
    expect(one?.headers).not.toHaveProperty("webhook-signature");
    expect(one?.headers).toHaveProperty("webhook-id");
  });

  test("a secret that is undefined is no wish to sign nothing", () => {
    const options = { secret: undefined } as unknown as { secret: string };
    expect(() => forward("https://app.example/", options)).toThrow("secret is undefined; leave it out");
  });

  test.each(["", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%", "not base64!"])(
    "%p is no secret, and is not repeated",
    (bad) => {
      const make = () => forward("https://app.example/", { secret: bad });
      expect(make).toThrow(TypeError);
      if (bad.length > 6) expect(make).not.toThrow(bad);
    },
  );

  test("a message that lies in a file is signed and sent whole, with its length", async () => {
    await using target = await startFunction(takes);
    const app = new Postern();
    app.deliver("*", forward(target.url, { allowPrivate: true, secret }));
    const body = Buffer.from("sixty-two octets of a line that is not long, but often there\r\n".repeat(130_000));
    const data = Buffer.concat([Buffer.from("Subject: Large\r\n\r\n"), body]);
    expect((await send(app, { ...mail, data })).data?.code).toBe(250);
    const [one] = target.asked;
    expect(one?.headers["content-length"]).toBe(`${one?.body.length}`);
    expect(one!.body.subarray(-body.length).equals(body)).toBe(true);
    verify(secret, one!);
  });
});

describe("the request", () => {
  test("says in its headers what a function needs to know", async () => {
    const [one] = await asked({ secret, headers: { "x-tenant": "7" } }, "support+42@example.com");
    expect(one?.headers).toMatchObject({
      "content-type": "message/rfc822",
      "smtp-stage": "deliver",
      "smtp-mail-from": "alice@example.org",
      "smtp-rcpt-to": "support+42@example.com",
      "smtp-remote-address": "127.0.0.1",
      "smtp-helo": "client.test",
      "smtp-protocol": "ESMTP",
      "user-agent": "Postern",
      "x-tenant": "7",
    });
    expect(one?.body.toString()).toMatch(
      /^Return-Path: <alice@example.org>\r\nReceived: [^]*\r\nSubject: Grüße\r\n\r\nHello\r\n$/,
    );
  });

  test("a password in the URL becomes a header, and is not in an error", async () => {
    await using target = await startFunction(takes);
    const url = new URL(target.url);
    url.username = "actionmailbox";
    url.password = "pass word";
    const app = new Postern();
    app.deliver("*", forward(url, { allowPrivate: true, format: "action-mailbox" }));
    await send(app, mail);
    expect(target.asked[0]?.headers["authorization"]).toBe(`Basic ${btoa("actionmailbox:pass word")}`);
    expect(() => forward("ftp://u:secret@host/")).not.toThrow("secret");
    expect(() => forward("https://u:secret@ho st/")).not.toThrow("secret");
  });

  test("connections are kept, and no more of them than allowed", async () => {
    let inside = 0;
    let most = 0;
    await using target = await startFunction((_, response) => {
      most = Math.max(most, ++inside);
      setTimeout(() => {
        inside--;
        response.writeHead(204).end();
      }, 20);
    });
    const app = new Postern();
    app.deliver("*", forward(target.url, { allowPrivate: true, concurrency: 3 }));
    const results = await Promise.all(Array.from({ length: 12 }, () => send(app, mail)));
    expect(results.map(({ data }) => data?.code)).toEqual(Array(12).fill(250));
    expect(most).toBe(3);
    expect(target.connections()).toBe(3);
  });

  test("a kept connection that the function closed is no failure", async () => {
    await using target = await startFunction((_, response) => {
      response.writeHead(204).end();
      response.on("finish", () => setTimeout(() => response.socket?.destroy(), 5));
    });
    const app = new Postern();
    app.deliver("*", forward(target.url, { allowPrivate: true }));
    for (let time = 0; time < 3; time++) {
      expect((await send(app, mail)).data?.code).toBe(250);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  test("a fetch of one's own is used instead of connections", async () => {
    const app = new Postern();
    const requests: Request[] = [];
    const fetch = ((url: URL, init: RequestInit) => {
      requests.push(new Request(url, init));
      return Promise.resolve(new Response("Thanks"));
    }) as unknown as typeof globalThis.fetch;
    app.deliver("*", forward("http://localhost/inbound", { fetch, secret }));
    expect((await send(app, mail)).data?.raw).toBe("250 2.0.0 Thanks");
    expect(await requests[0]?.text()).toContain("Hello");
  });

  test("a token in the URL is in no error, whatever fetch says of it", async () => {
    const url = "http://app.example/inbound?token=hunter2";
    const failures = [
      new TypeError(`error sending request for url (${url}): no route`),
      new TypeError("fetch failed", { cause: new Error(`error sending request for url (${url}): no route`) }),
    ];
    for (const failure of failures) {
      const app = new Postern();
      const seen: Error[] = [];
      const fetch = (() => Promise.reject(failure)) as unknown as typeof globalThis.fetch;
      app.onError((error) => {
        seen.push(error);
        throw error;
      });
      app.deliver("*", forward(url, { fetch, secret }));
      expect((await send(app, mail)).data?.code).toBe(451);
      expect(stackOf(seen[0])).toContain("(http://app.example/inbound?token=…): no route");
      expect(stackOf(seen[0])).not.toContain("hunter2");
    }
  });
});
