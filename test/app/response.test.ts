import { describe, expect, test } from "bun:test";
import { Postern, reply, SmtpError, type Stage } from "postern";
import { send } from "postern/testing";
import { NonsenseError, replyOf } from "../../src/app/response.ts";
import { formatReply, type Reply } from "../../src/protocol/reply.ts";

/** The reply as it goes on the wire; "success" for the stage's own. */
async function said(response: Response, stage: Stage = "deliver"): Promise<string> {
  const reply = await replyOf(response, stage);
  return reply === undefined ? "success" : formatReply(reply as Reply).trimEnd();
}

function status(code: number, body: BodyInit | null = null, headers: Record<string, string> = {}): Response {
  return new Response(body, { status: code, headers });
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

describe("the reply table, row by row", () => {
  test("2xx is the stage's success", async () => {
    for (let code = 200; code < 300; code++) expect(await said(status(code))).toBe("success");
  });

  test("3xx has no meaning", () => {
    for (let code = 300; code < 400; code++) expect(() => replyOf(status(code), "deliver")).toThrow(NonsenseError);
    expect(() => replyOf(Response.redirect("http://x.test/"), "deliver")).toThrow("302");
  });

  const spoken: Readonly<Record<number, string>> = {
    401: "530 5.7.0",
    403: "550 5.7.1",
    404: "550 5.1.1",
    408: "451 4.7.0",
    410: "550 5.1.1",
    413: "552 5.3.4",
    415: "554 5.6.0",
    421: "421 4.3.2",
    422: "554 5.6.0",
    425: "451 4.7.0",
    429: "451 4.7.0",
    430: "430 4.0.0",
    ...Object.fromEntries(range(432, 459).map((code) => [code, `${code} 4.0.0`])),
    432: "432 4.7.12",
    450: "450 4.2.0",
    451: "451 4.3.0",
    452: "452 4.3.1",
    454: "454 4.7.0",
    455: "455 4.5.4",
    521: "521 5.3.2",
    523: "523 5.7.10",
    ...Object.fromEntries(range(530, 538).map((code) => [code, `${code} 5.7.0`])),
    534: "534 5.7.9",
    535: "535 5.7.8",
    538: "538 5.7.11",
    550: "550 5.0.0",
    551: "551 5.1.6",
    552: "552 5.2.2",
    553: "553 5.1.3",
    554: "554 5.0.0",
    555: "555 5.5.4",
    556: "556 5.1.10",
  };

  test("4xx and 5xx: HTTP's words, SMTP's own, any other 4xx 554 5.0.0, any other 5xx 451 4.3.0", async () => {
    for (let code = 400; code < 600; code++) {
      // RFC 5321 section 4.2.3, RFC 4954 section 6
      const expected = spoken[code] ?? (code < 500 ? "554 5.0.0" : "451 4.3.0");
      expect(await said(status(code))).toMatch(new RegExp(`^${expected} [A-Z][\\x20-\\x7e]+$`));
      expect(await said(status(code, "own words"))).toBe(`${expected} own words`);
      const { close } = await replyOf(status(code), "deliver") as Reply;
      expect(close ?? false).toBe(code === 421 || code === 521);
    }
  });

  test.each<[stage: Stage, code: string]>([
    ["connect", "220"],
    ["helo", "250"],
    ["mail", "250 2.1.0"],
    ["rcpt", "250 2.1.5"],
    ["data", "250 2.0.0"],
    ["deliver", "250 2.0.0"],
    ["command", "250 2.0.0"],
  ])("success in other words, at %s", async (stage, code) => {
    expect(await said(status(200, "words"), stage)).toBe(`${code} words`);
    expect(await said(status(200, ""), stage)).toBe("success");
    expect(await said(status(200, "  \r\n"), stage)).toBe("success");
  });
});

describe("the body", () => {
  test.each<[what: string, response: Response, line: string]>([
    ["text/plain", status(550, "no", { "content-type": "text/plain" }), "550 5.0.0 no"],
    ["with a charset", status(550, "no", { "content-type": "Text/Plain; charset=utf-8" }), "550 5.0.0 no"],
    ["several lines", status(550, "a\r\nb\nc\n"), "550-5.0.0 a\r\n550-5.0.0 b\r\n550 5.0.0 c"],
    ["a reply of its own", status(550, "a\r\n250 ok\r\n"), "550-5.0.0 a\r\n550 5.0.0 250 ok"],
    ["control characters", status(550, "a\0b\x1bc\rd"), "550 5.0.0 a b c d"],
    ["other letters", status(550, "Anschluß"), "550 5.0.0 Anschlu?"],
    [
      "octets that are no UTF-8",
      status(550, Uint8Array.of(0x61, 0xff), { "content-type": "text/plain" }),
      "550 5.0.0 a?",
    ],
    ["html", status(550, "<p>no", { "content-type": "text/html" }), "550 5.0.0 Not accepted"],
    ["json", Response.json({ error: "no" }, { status: 550 }), "550 5.0.0 Not accepted"],
    ["binary", status(550, "no", { "content-type": "application/octet-stream" }), "550 5.0.0 Not accepted"],
    ["not quite text", status(550, "no", { "content-type": "text/plainer" }), "550 5.0.0 Not accepted"],
  ])("%s", async (_, response, line) => expect(await said(response)).toBe(line));

  test("a long text is cut, in lines of at most 512 octets", async () => {
    const lines = (await said(status(550, "word ".repeat(100_000)))).split("\r\n");
    expect(lines.length).toBeLessThan(12);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(510);
  });

  test("so is one in the header", async () => {
    const lines = (await said(reply(550, "5.1.1", "word ".repeat(100_000)))).split("\r\n");
    expect(lines.length).toBeLessThan(12);
  });

  test("a text that never ends is not waited for, and let go of", async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("for ever ".repeat(100))),
      cancel: () => void (cancelled = true),
    });
    expect(await said(status(550, body, { "content-type": "text/plain" }))).toStartWith("550-5.0.0 for ever");
    expect(cancelled).toBe(true);
  });

  test("a body that nobody will read is let go of", async () => {
    let cancelled = false;
    const body = new ReadableStream({ cancel: () => void (cancelled = true) });
    expect(await said(status(550, body, { "content-type": "text/html" }))).toStartWith("550 5.0.0");
    expect(cancelled).toBe(true);
  });

  test.each<[what: string, make: () => Response]>([
    ["fails", () => status(200, new ReadableStream({ pull: (it) => it.error(new Error("broken")) }))],
    ["was read already", () => {
      const response = status(200, "words", { "content-type": "text/plain" });
      response.body!.getReader();
      return response;
    }],
  ])("a body that %s: 451", async (_, make) => {
    const app = new Postern();
    app.deliver("*", make);
    const { data } = await send(app, { from: "", to: "a@x.test", data: "" });
    expect(data?.raw).toStartWith("451 4.3.0");
  });
});

describe("the header smtp-reply", () => {
  test.each([
    ["450 4.2.1 Mailbox busy", "450 4.2.1 Mailbox busy"],
    ["250 2.1.5", "250 2.1.5 "],
    ["250", "250 "],
    ["451  4.3.0  a  b", "451 4.3.0 a  b"],
    ["550 no enhanced code", "550 no enhanced code"],
    ["550 9.9.9 no class", "550 9.9.9 no class"],
    ["599 5.999.999 x", "599 5.999.999 x"],
  ])("%j", async (header, line) => {
    for (const code of [200, 404, 500]) {
      const heard = formatReply(await replyOf(status(code, null, { "smtp-reply": header }), "deliver") as Reply);
      expect(heard).toBe(`${line}\r\n`);
    }
  });

  test.each([
    [""],
    ["no"],
    ["ok 250"],
    ["25"],
    ["2500"],
    ["150 no"],
    ["600 no"],
    ["250x"],
    ["250-2.0.0 a"],
    ["550 4.1.1 other class"],
    ["250 5.0.0"],
    ["\uff12\uff15\uff10 ok"],
    ["550 5.1.1 two\r\n250 2.0.0 lines"],
    ["550 5.1.1 two\n250 2.0.0 lines"],
  ])("nonsense: %j", (header) => {
    const response = { status: 200, body: null, headers: new Map([["smtp-reply", header]]) } as unknown as Response;
    expect(() => replyOf(response, "deliver")).toThrow(NonsenseError);
  });

  test.each(["connect", "helo", "mail", "rcpt", "data", "deliver"] as const)(
    "at %s, a reply that asks for more is 451 to the client: there is no more",
    async (stage) => {
      const app = new Postern();
      const asking = () => reply(354, "", "Go on");
      if (stage === "rcpt" || stage === "deliver") app[stage]("*", asking);
      else app[stage](asking);
      if (stage !== "deliver") app.deliver("*", (c) => c.body(null, 204));
      const { greeting, ehlo, mail, rcpt, data } = await send(app, { from: "b@x.test", to: "a@x.test", data: "" });
      const codes = [greeting, ehlo, mail, ...rcpt ?? [], data].map((each) => each?.code);
      expect(codes.find((code) => code !== undefined && code >= 300)).toBe(451);
    },
  );

  test("a verb of one's own may ask for more", async () => {
    const asked = await replyOf(reply(334, "", "Go on"), "command") as Reply;
    expect(asked).toMatchObject({ code: 334, text: "Go on" });
  });

  test("nonsense is 451 to the client", async () => {
    const app = new Postern();
    app.rcpt("*", (c) => c.body(null, 200, { "smtp-reply": "550 4.1.1 x" }));
    const { rcpt } = await send(app, { from: "", to: "a@x.test", data: "" });
    expect(rcpt[0]?.raw).toStartWith("451 4.3.0");
  });
});

describe("reply()", () => {
  test.each<[code: number, enhanced: string, text: string | readonly string[], wire: string]>([
    [250, "2.0.0", "Ok", "250 2.0.0 Ok"],
    [250, "", "Ok", "250 Ok"],
    [550, "5.1.1", "", "550 5.1.1 "],
    [204, "2.0.0", ["a", "b"], "204-2.0.0 a\r\n204 2.0.0 b"],
    [205, "", "ü", "205 ?"],
    [450, "4.2.1", ["a", "b"], "450-4.2.1 a\r\n450 4.2.1 b"],
    [550, "5.1.1", ["only"], "550 5.1.1 only"],
    [550, "5.1.1", [], "550 5.1.1 "],
    [550, "5.1.1", "a\r\n250 2.0.0 b", "550-5.1.1 a\r\n550 5.1.1 250 2.0.0 b"],
    [550, "5.1.1", "tab\there", "550 5.1.1 tab here"],
    [550, "5.1.1", "日本", "550 5.1.1 ??"],
  ])("%p %j %j", async (code, enhanced, text, wire) => {
    expect(await replyOf(reply(code, enhanced, text), "deliver") as Reply).toMatchObject({ code });
    expect(formatReply(await replyOf(reply(code, enhanced, text), "deliver") as Reply)).toBe(`${wire}\r\n`);
  });

  test.each<[code: unknown, enhanced: string]>([
    [199, ""],
    [600, ""],
    [0, ""],
    [-250, ""],
    [250.5, ""],
    [NaN, ""],
    [Infinity, ""],
    ["250", ""],
    [undefined, ""],
    [250, "5.0.0"],
    [550, "4.1.1"],
    [550, "5.1"],
    [550, "5.1.1.1"],
    [550, "5.1000.1"],
    [550, "5.1.1 "],
    [550, "5.1.1\r\n250"],
    [550, "x"],
    [354, "3.0.0"],
  ])("refuses %p %j", (code, enhanced) => {
    expect(() => reply(code as number, enhanced)).toThrow(RangeError);
    expect(() => reply(code as number, enhanced)).toThrow(`${code}`);
    expect(() => new SmtpError(code as number, enhanced, "x")).toThrow(RangeError);
  });

  test("SmtpError refuses what is no refusal, and tells what it is", () => {
    for (const code of [200, 250, 354, 399]) expect(() => new SmtpError(code, "", "x")).toThrow("400 and 599");
    const cause = new Error("why");
    const error = new SmtpError(550, "5.1.1", "No such user", { cause });
    expect(error).toMatchObject({ name: "SmtpError", code: 550, enhanced: "5.1.1", message: "No such user", cause });
    expect(error.getResponse().headers.get("smtp-reply")).toBe("550 5.1.1 No such user");
  });
});
