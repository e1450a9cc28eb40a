/** What send() gives when the server hangs up, and of protocols with a reply for each recipient. */

import { describe, expect, test } from "bun:test";
import { Postern, reply } from "postern";
import { type ClientReply, send, type SendResult } from "postern/testing";

const mail = { from: "a@x.test", to: ["b@y.test", "c@y.test"], data: "Subject: Hi\n\nHello\n" };

function codes({ greeting, ehlo, mail, rcpt, data }: SendResult): (number | undefined)[] {
  return [greeting, ehlo, mail, ...rcpt, data].map((each?: ClientReply) => each?.code);
}

/** An app that takes mail but for what it says at a stage. */
function closing(stage: "connect" | "helo" | "mail" | "data", code: number): Postern {
  const app = new Postern();
  app[stage](() => reply(code, `${code < 500 ? 4 : 5}.3.2`, "Go away"));
  app.deliver("*", (c) => c.body(null, 204));
  return app;
}

describe("a server that closes the connection", () => {
  test("at connect", async () => {
    expect(codes(await send(closing("connect", 421), mail))).toEqual([421, 421, 421, 421, 421, undefined]);
    expect(codes(await send(closing("connect", 521), mail))).toEqual([521, 521, 521, 521, 521, undefined]);
  });

  test("at helo and mail", async () => {
    expect(codes(await send(closing("helo", 421), mail))).toEqual([220, 421, 421, 421, 421, undefined]);
    expect(codes(await send(closing("mail", 421), mail))).toEqual([220, 250, 421, 421, 421, undefined]);
  });

  test("at rcpt, after a recipient that was accepted", async () => {
    const app = new Postern();
    app.rcpt("b@y.test", (c) => c.body(null, 204));
    app.rcpt("c@y.test", () => reply(421, "4.3.2", "Go away"));
    app.deliver("*", (c) => c.body(null, 204));
    expect(codes(await send(app, { ...mail, to: [...mail.to, "d@y.test"] })))
      .toEqual([220, 250, 250, 250, 421, 421, undefined]);
  });

  test("at data and deliver", async () => {
    expect(codes(await send(closing("data", 421), mail))).toEqual([220, 250, 250, 250, 250, 421]);
    const app = new Postern();
    app.deliver("*", () => reply(421, "4.3.2", "Go away"));
    expect(codes(await send(app, mail))).toEqual([220, 250, 250, 250, 250, 421]);
  });
});

describe("a reply for each recipient", () => {
  const app = new Postern();
  app.rcpt("nobody@y.test", (c) => c.notFound());
  app.rcpt("*", (c) => c.body(null, 204));
  app.deliver("b@y.test", (c) => c.text("Thanks"));
  app.deliver("c@y.test", () => reply(550, "5.7.1", "No"));
  app.deliver("*", () => reply(452, "4.2.2", "Full"));
  const to = ["b@y.test", "nobody@y.test", "c@y.test", "d@y.test"];

  test("by LMTP", async () => {
    const result = await send(app, { ...mail, to }, { protocol: "lmtp" });
    expect(codes(result)).toEqual([220, 250, 250, 250, 550, 250, 250, 452]);
    expect(result.each?.map(({ code }) => code)).toEqual([250, 550, 452]);
    expect(result.data).toBe(result.each!.at(-1)!);
  });

  test("by LMTP, to nobody", async () => {
    const result = await send(app, { ...mail, to: "nobody@y.test" }, { protocol: "lmtp" });
    expect(result.data).toBeUndefined();
    expect(result.each).toBeUndefined();
  });

  test("with PRDR", async () => {
    const { data, each } = await send(app, { ...mail, to, parameters: "PRDR" });
    expect(each?.map(({ code }) => code)).toEqual([250, 550, 452]);
    expect(data?.enhanced).toBeDefined();
    expect((await send(app, { ...mail, to: "b@y.test" })).each).toBeUndefined();
  });

  test("until the server closes the connection", async () => {
    const result = await send(closing("data", 421), mail, { protocol: "lmtp" });
    expect(result.data?.code).toBe(421);
    expect(result.each!.length).toBeGreaterThan(0);
  });
});
