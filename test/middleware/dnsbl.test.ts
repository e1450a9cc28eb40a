import { expect, test } from "bun:test";
import { Postern } from "postern";
import { staticResolver } from "postern/dns";
import { dnsbl, type DnsblOptions, type DnsblVariables, type DnsblVerdict } from "postern/dnsbl";
import { send, type SendResult } from "postern/testing";
import { asUser } from "./as-user.ts";

const resolver = staticResolver({
  "1.2.0.192.bl.test": { A: ["127.0.0.2"], TXT: ["see\r\nhttp://bl.test"] },
  "1.2.0.192.codes.test": { A: ["127.0.0.10", "127.0.0.4"] },
  "1.2.0.192.allow.test": { A: ["127.0.0.1"] },
  "1.2.0.192.blocked.test": { A: ["127.255.255.254"] },
  "1.2.0.192.wildcard.test": { A: ["203.0.113.80"] },
  "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test": { A: ["127.0.0.2"] },
  "down.test": "servfail",
  "1.2.0.192.down.test": "servfail",
});

async function through(options: DnsblOptions, given: { remoteAddress?: string; user?: string } = {}): Promise<{
  result: SendResult;
  verdict: DnsblVerdict | undefined;
}> {
  const app = new Postern<{ Variables: DnsblVariables }>();
  app.helo(asUser(given.user));
  app.use(dnsbl({ resolver, ...options }));
  let verdict: DnsblVerdict | undefined;
  app.deliver("*", (c) => {
    verdict = c.var.dnsbl;
    return c.body(null, 204);
  });
  const mail = { from: "a@x.test", to: "b@y.test", data: "x\n" };
  return { result: await send(app, mail, { remoteAddress: given.remoteAddress ?? "192.0.2.1" }), verdict };
}

const codes = { "127.0.0.4": 3, "127.0.0.10/31": 1 };

test.each<[string, DnsblOptions, number, number]>([
  ["a listing refuses", { zones: ["bl.test"] }, 554, NaN],
  ["no listing lets in", { zones: ["nothing.test"] }, 220, 0],
  ["an allow list makes good", { zones: ["bl.test", { zone: "allow.test", score: -1 }] }, 220, 0],
  ["scores below the limit let in", { zones: ["bl.test"], reject: 2 }, 220, 1],
  ["scores add up", { zones: ["bl.test", { zone: "codes.test", score: 1 }], reject: 2 }, 554, NaN],
  ["the code that counts most counts", { zones: [{ zone: "codes.test", codes }], reject: 3 }, 554, NaN],
  ["it counts once", { zones: [{ zone: "codes.test", codes }], reject: 4 }, 220, 3],
  ["codes without a name count nothing", { zones: [{ zone: "bl.test", codes }] }, 220, 0],
  ["127.255.255.x is no answer", { zones: ["blocked.test"] }, 220, 0],
  ["an address that is none of a list's is no answer", { zones: ["wildcard.test"] }, 220, 0],
  ["a list that is down lets in", { zones: ["down.test"] }, 220, 0],
  ["with defer a list that is down defers", { zones: ["down.test"], defer: true }, 451, NaN],
  ["with defer an error of the list defers", { zones: ["blocked.test"], defer: true }, 451, NaN],
  ["what could make no difference defers nobody", { zones: ["down.test"], defer: true, reject: 2 }, 220, 0],
  ["an allow list that is down defers nobody", { zones: [{ zone: "down.test", score: -1 }], defer: true }, 220, 0],
])("%s", async (_, options, code, score) => {
  const { result, verdict } = await through(options);
  expect(result.greeting.code).toBe(code);
  expect(verdict?.score ?? NaN).toBe(score);
});

test("the refusal names list and address, and cleans the list's words", async () => {
  const { result } = await through({ zones: ["bl.test"] });
  expect(result.greeting.raw).toBe(
    "554 5.7.1 Your address 192.0.2.1 is listed by bl.test; it says: see??http://bl.test",
  );
});

test("IPv6 addresses are asked for nibble by nibble", async () => {
  expect((await through({ zones: ["bl.test"] }, { remoteAddress: "2001:db8::1" })).result.greeting.code).toBe(554);
});

test("handlers see who said what, and who said nothing", async () => {
  const { verdict } = await through({ zones: ["bl.test", "down.test", "blocked.test"], reject: Infinity });
  expect(verdict).toEqual({
    score: 1,
    listings: [{ zone: "bl.test", codes: ["127.0.0.2"], score: 1, text: "see??http://bl.test" }],
    unanswered: [{ zone: "down.test", reason: "servfail" }, { zone: "blocked.test", reason: "127.255.255.254" }],
  });
});

test("from mail on, whoever authenticated is let in, others are refused at MAIL", async () => {
  const options = { zones: ["bl.test"], stage: "mail" } as const;
  expect((await through(options, { user: "alice" })).result.data?.code).toBe(250);
  const { result } = await through(options);
  expect([result.greeting.code, result.mail.code]).toEqual([220, 554]);
});

test.each([[{ except: ["192.0.2.1"] }, "192.0.2.1"], [{}, ""]])(
  "with %p a client at %p is let in",
  async (options, at) => {
    const { result, verdict } = await through({ zones: ["bl.test"], ...options }, { remoteAddress: at });
    expect(result.data?.code).toBe(250);
    expect(verdict).toBeUndefined();
  },
);

test("lists are asked once in a session", async () => {
  let asked = 0;
  const counting: typeof resolver = {
    resolve(...question) {
      asked++;
      return resolver.resolve(...question);
    },
  };
  await through({ zones: ["nothing.test"], resolver: counting });
  expect(asked).toBe(1);
});

test("two that ask the same zone about other codes have a verdict each", async () => {
  const app = new Postern<{ Variables: DnsblVariables }>();
  const scores: (number | undefined)[] = [];
  for (const codes of [{ "127.0.0.99": 1 }, { "127.0.0.10": 1 }]) {
    app.use(dnsbl({ resolver, zones: [{ zone: "codes.test", codes }], reject: Infinity }));
    app.mail((c, next) => {
      scores.push(c.var.dnsbl?.score);
      return next();
    });
  }
  await send(app, { from: "a@x.test", to: "b@y.test", data: "x\n" }, { remoteAddress: "192.0.2.1" });
  expect(scores).toEqual([0, 1]);
});

test.each([
  [{ zones: [""] }, 'Cannot ask ""'],
  [{ zones: [{ zone: "bl.test", codes: { two: 2 } }] }, 'Cannot take "two" in codes'],
  [{ zones: [{ zone: "bl.test", score: NaN }] }, "its score NaN is no number"],
  [{ zones: [], except: ["x"] }, 'Cannot take "x" in except'],
])("the options %p are refused", (options, message) => {
  expect(() => dnsbl(options as DnsblOptions)).toThrow(message);
});
