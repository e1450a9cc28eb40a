/** What a function answers, and what the client hears of it. */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { Postern } from "postern";
import { forward, type ForwardOptions } from "postern/forward";
import { send } from "postern/testing";
import { type Answering, says, startFunction, takes } from "./functions.ts";

setDefaultTimeout(30_000);

const mail = { from: "alice@example.org", to: "support@example.com", data: "Subject: Hi\n\nHello\n" };

/** More than fits into the buffers of a connection. */
const long = `Subject: Long\n\n${`${"word ".repeat(15)}\n`.repeat(60_000)}`;

async function heard(answering: Answering, options: ForwardOptions = {}, early = false): Promise<string> {
  await using target = await startFunction(answering, { answersEarly: early });
  const app = new Postern();
  app.deliver("*", forward(target.url, { allowPrivate: true, ...options }));
  return (await send(app, mail)).data?.raw ?? "";
}

describe("the answer of a function is the reply", () => {
  test.each<[string, Answering, string | RegExp]>([
    ["204", takes, /^250 2\.0\.0 Ok: queued as /],
    ["200 with a text", says(200, "Ticket 7"), "250 2.0.0 Ticket 7"],
    ["200 with JSON, which is nobody's text", says(200, "{}", { "content-type": "application/json" }), /^250 .*queued/],
    ["200 with a text but no type", (_, response) => response.end("fine"), "250 2.0.0 fine"],
    ["403", says(403), "550 5.7.1 Refused by policy"],
    ["404 with a text", says(404, "Gone fishing"), "550 5.1.1 Gone fishing"],
    ["413", says(413), "552 5.3.4 Message too large"],
    ["422", says(422), "554 5.6.0 Message content not accepted"],
    ["418", says(418), "554 5.0.0 Transaction failed"],
    ["408", says(408), "451 4.7.0 Try again later"],
    ["425", says(425), "451 4.7.0 Try again later"],
    ["429", says(429), "451 4.7.0 Too many requests, try again later"],
    ["450, SMTP's own", says(450), "450 4.2.0 Mailbox unavailable, try again later"],
    ["550, SMTP's own", says(550, "No such user"), "550 5.0.0 No such user"],
    ["521, a proxy's word for a function that is down", says(521), "451 4.3.0 Temporary failure, try again later"],
    ["530, a proxy's word for a name that is not there", says(530), "451 4.3.0 Temporary failure, try again later"],
    ["500", says(500), "451 4.3.0 Temporary failure, try again later"],
    ["503 with a text", says(503, "Back at noon"), "451 4.3.0 Back at noon"],
    ["a reply spelled out", says(200, "", { "smtp-reply": "552 5.2.2 Full" }), "552 5.2.2 Full"],
    ["a reply with its text in the body", says(503, "zwölf", { "smtp-reply": "450 4.2.1" }), /^450 4\.2\.1 zw/],
    ["a reply that is none", says(200, "", { "smtp-reply": "nonsense" }), /^451 4\.3\.0 /],
    ["401, which is about the forwarder", says(401, "Who are you?"), "451 4.3.0 Temporary failure, try again later"],
    ["407, which is about the forwarder", says(407), "451 4.3.0 Temporary failure, try again later"],
    ["a page instead of an answer", says(301, "", { location: "/login" }), /^451 4\.3\.0 /],
    ["a redirect to another host", says(307, "", { location: "http://192.0.2.1/" }), /^451 4\.3\.0 /],
    ["a redirect to another port", says(308, "", { location: "http://127.0.0.1:1/" }), /^451 4\.3\.0 /],
    ["redirects without end", says(307, "", { location: "/again" }), /^451 4\.3\.0 /],
    ["a reset", (_, response) => void response.socket?.resetAndDestroy(), /^451 4\.3\.0 /],
    ["half an answer", (_, response) => void response.socket?.end("HTTP/1.1 2"), /^451 4\.3\.0 /],
    ["no HTTP", (_, response) => void response.socket?.end("250 Ok\r\n"), /^451 4\.3\.0 /],
    ["control bytes", says(550, "no\r\n250 ok\x1b[31m\x07"), /^550-5\.0\.0 no\r\n550 5\.0\.0 250 ok[^\x00-\x1f]*$/],
  ])("%s", async (_, answering, reply) => {
    const raw = await heard(answering);
    if (typeof reply === "string") expect(raw).toBe(reply);
    else expect(raw).toMatch(reply);
  });

  test("an endless text is cut off, and holds nobody up", async () => {
    const raw = await heard((_, response) => {
      response.writeHead(550, { "content-type": "text/plain" });
      const more = () => {
        if (!response.destroyed) response.write("word ".repeat(10_000), () => setImmediate(more));
      };
      more();
    });
    expect(raw).toStartWith("550-5.0.0 word word");
    expect(raw.length).toBeLessThan(20_000);
  });

  test("an endless body that is no text is not waited for, and is let go", async () => {
    let gone: Promise<unknown> | undefined;
    await using target = await startFunction((_, response) => {
      gone = new Promise((resolve) => response.once("close", resolve));
      response.writeHead(202, { "content-type": "image/png" });
      const more = () => {
        if (!response.destroyed) response.write("x".repeat(50_000), () => setImmediate(more));
      };
      more();
    });
    const app = new Postern();
    app.deliver("*", forward(target.url, { allowPrivate: true }));
    expect((await send(app, mail)).data?.raw).toMatch(/^250 2\.0\.0 Ok: queued as \S+$/);
    // The function could go on for ever: the forwarder drops it.
    await gone;
  });

  test("a function that never answers is given up", async () => {
    expect(await heard(() => {}, { timeout: 200 })).toStartWith("451 4.3.0 ");
  });

  test("a text that never ends is given up", async () => {
    const raw = await heard(
      (_, response) => void response.writeHead(200, { "content-type": "text/plain" }).write("I"),
      {
        timeout: 200,
      },
    );
    expect(raw).toStartWith("451 4.3.0 ");
  });

  test("the handler's own time limit ends the request, too", async () => {
    let closed: Promise<unknown> | undefined;
    await using target = await startFunction((_, response) => {
      closed = new Promise((resolve) => response.on("close", resolve));
    });
    const app = new Postern();
    app.deliver("*", forward(target.url, { allowPrivate: true }));
    const { data } = await send(app, mail, { timeouts: { handler: 300 } });
    expect(data?.raw).toStartWith("451 4.3.0 ");
    await closed;
  });

  test("a function that answers before it has read the message is believed", async () => {
    await using target = await startFunction(says(413), { answersEarly: true });
    const app = new Postern();
    app.deliver("*", forward(target.url, { allowPrivate: true }));
    expect((await send(app, { ...mail, data: long })).data?.raw).toStartWith("552 5.3.4 ");
    expect(target.asked[0]?.body).toHaveLength(0);
  });

  test("one that drops the connection as well may not be heard, and then the sender comes again", async () => {
    // What it leaves unread makes its kernel say "reset", which overtakes the answer or does not.
    await using target = await startFunction(says(413, "", { connection: "close" }), { answersEarly: true });
    const app = new Postern();
    app.deliver("*", forward(target.url, { allowPrivate: true }));
    expect((await send(app, { ...mail, data: long })).data?.raw).toMatch(/^(?:552 5\.3\.4|451 4\.3\.0) /);
  });

  test("nobody there is 451", async () => {
    const target = await startFunction();
    await target[Symbol.asyncDispose]();
    const app = new Postern();
    app.deliver("*", forward(target.url, { allowPrivate: true }));
    expect((await send(app, mail)).data?.raw).toStartWith("451 4.3.0 ");
  });

  test("a redirect within the host is followed with the whole message", async () => {
    await using target = await startFunction((asked, response) => {
      if (asked.path === "/inbound") response.writeHead(307, { location: "/there" }).end();
      else response.writeHead(200, { "content-type": "text/plain" }).end(`${asked.body.length}`);
    });
    const app = new Postern();
    app.deliver("*", forward(target.url, { allowPrivate: true }));
    const { data } = await send(app, mail);
    expect(data?.raw).toBe(`250 2.0.0 ${target.asked[0]?.body.length}`);
    expect(target.asked.map(({ path }) => path)).toEqual(["/inbound", "/there"]);
    expect(target.asked[1]?.body).toEqual(target.asked[0]!.body);
  });
});
