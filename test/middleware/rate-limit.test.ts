import { expect, test } from "bun:test";
import { Postern } from "postern";
import { rateLimit, type RateLimitOptions } from "postern/rate-limit";
import { dialogue, send } from "postern/testing";
import { counter } from "../../src/middleware/rate-limit/counter.ts";
import { networkOf } from "../../src/protocol/network.ts";
import { asUser } from "./as-user.ts";

function appOf(options: RateLimitOptions, user?: string): Postern {
  const app = new Postern();
  app.helo(asUser(user));
  app.use(rateLimit({ seconds: 1000, ...options }));
  app.deliver("*", (c) => c.body(null, 204));
  return app;
}

interface Attempt {
  readonly from?: string;
  readonly to?: string;
  readonly client?: string;
}

async function codes(app: Postern, attempts: readonly Attempt[]): Promise<number[]> {
  const seen: number[] = [];
  for (const { from = "a@x.test", to = "b@y.test", client = "192.0.2.1" } of attempts) {
    const { greeting, mail, rcpt, data } = await send(app, { from, to, data: "x\n" }, { remoteAddress: client })
      .catch((error) => {
        // The greeting was the last reply.
        expect(error.message).toContain("closed the connection");
        return { greeting: { code: 421 }, mail: undefined, rcpt: [], data: undefined };
      });
    const refusal = [greeting, mail, ...rcpt].find((reply) => reply !== undefined && reply.code >= 300);
    seen.push(refusal?.code ?? data?.code ?? 0);
  }
  return seen;
}

test.each<[string, RateLimitOptions, string | undefined, readonly Attempt[], number[]]>([
  ["connections of an address", { limit: 2 }, undefined, [{}, {}, {}], [250, 250, 421]],
  ["each address for itself", { limit: 1 }, undefined, [{}, { client: "192.0.2.2" }, {}], [250, 250, 421]],
  ["addresses of one network", { limit: 1, network: { v4: 24 } }, undefined, [{}, { client: "192.0.2.2" }], [250, 421]],
  ["IPv6 by its first half", { limit: 1 }, undefined, [{ client: "2001:db8::1" }, { client: "2001:db8::2:1" }], [
    250,
    421,
  ]],
  ["listed clients not at all", { limit: 1, except: ["192.0.2.1"] }, undefined, [{}, {}], [250, 250]],
  ["nobody on a Unix socket", { limit: 1 }, undefined, [{ client: "" }, { client: "" }], [250, 250]],
  ["messages of a user", { limit: 1, by: "user" }, "alice", [{}, { client: "192.0.2.2" }], [250, 451]],
  ["no messages of strangers by user", { limit: 1, by: "user" }, undefined, [{}, {}], [250, 250]],
  ["authenticated clients not by address", { limit: 1, stage: "mail" }, "alice", [{}, {}], [250, 250]],
  ["messages of a sender", { limit: 1, by: "sender" }, undefined, [{}, { from: "A@x.test" }, { from: "c@x.test" }], [
    250,
    451,
    250,
  ]],
  ["no bounces by sender", { limit: 1, by: "sender" }, undefined, [{ from: "" }, { from: "" }], [250, 250]],
  ["messages to a recipient", { limit: 1, by: "recipient" }, undefined, [{}, { to: "B@y.test" }, { to: "c@y.test" }], [
    250,
    451,
    250,
  ]],
  ["what a function says", { limit: 1, by: (c) => c.var.envelope.from?.domain }, undefined, [{}, { from: "z@x.test" }, {
    from: "",
  }], [250, 451, 250]],
])("counts %s", async (_, options, user, attempts, expected) => {
  expect(await codes(appOf(options, user), attempts)).toEqual(expected);
});

test("of more keys than it remembers, the one that came first is forgotten", async () => {
  const app = appOf({ limit: 1, by: "sender", mostKeys: 2 });
  const attempts = ["a", "b", "a", "b", "c", "b", "a", "c", "b"].map((local) => ({ from: `${local}@x.test` }));
  // "c" drives out "a", "a" drives out "b", and "b" drives out "c".
  expect(await codes(app, attempts)).toEqual([250, 250, 451, 451, 250, 451, 250, 451, 250]);
});

test("of a thousand keys of a stranger's choice those that came last are remembered", async () => {
  const kept: number[] = [];
  const count = counter({ limit: 1, seconds: 1000, prefix: "x", redis: undefined, failOpen: true, mostKeys: 100 });
  for (let key = 0; key < 1000; key++) await count(`${key}`);
  for (let key = 999; key >= 0; key--) if (await count(`${key}`) > 0) kept.push(key);
  expect(kept.length).toBe(100);
  expect(kept.at(-1)).toBe(900);
});

test("a connection too many is told when to come back, and closed", async () => {
  const app = appOf({ limit: 1 });
  await dialogue(app, "S: 220\nC: QUIT\nS: 221");
  await dialogue(app, "S: 421 4.7.0 Too many requests, try again in … seconds\nS: close");
});

test.each([
  [{ limit: 0 }, "Cannot limit to 0"],
  [{ limit: 1.5 }, "Cannot limit to 1.5"],
  [{ limit: 1, seconds: 0 }, "Cannot limit in 0 seconds"],
  [{ limit: 1, seconds: 3_000_000 }, "Cannot limit in 3000000 seconds"],
  [{ limit: 1, network: { v4: 40 } }, "Cannot tell clients apart"],
  [{ limit: 1, mostKeys: 0 }, "Cannot remember 0 keys"],
])("the options %p are refused", (options, message) => {
  expect(() => rateLimit(options)).toThrow(message);
});

test.each([
  ["192.0.2.77", 24, 64, "192.0.2.0/24"],
  ["192.0.2.77", 32, 64, "192.0.2.77/32"],
  ["192.0.2.77", 30, 64, "192.0.2.76/30"],
  ["192.0.2.77", 1, 64, "128.0.0.0/1"],
  ["::ffff:192.0.2.77", 16, 64, "192.0.0.0/16"],
  ["2001:db8:1:2:3::4", 24, 64, "2001:db8:1:2::/64"],
  ["2001:db8:1:2:3::4", 24, 52, "2001:db8:1::/52"],
  ["/run/x", 24, 64, "/run/x"],
])("%s in networks of %i and %i bits is %s", (address, v4, v6, network) => {
  expect(networkOf(address, { v4, v6 })).toBe(network);
});

test("one mailbox has one count, in whatever way its address is written", async () => {
  const app = appOf({ by: "recipient", limit: 1 });
  const ways = ["bob@x.test", "BOB@X.TEST", '"bob"@x.test', '"b\\ob"@x.test', '"\\bob"@x.test'];
  const replies: (number | undefined)[] = [];
  for (const to of ways) replies.push((await send(app, { from: "a@x.test", to, data: "x\n" })).rcpt[0]?.code);
  expect(replies).toEqual([250, 451, 451, 451, 451]);
});
