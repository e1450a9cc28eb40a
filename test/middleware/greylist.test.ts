import { afterEach, expect, setSystemTime, test } from "bun:test";
import { Postern } from "postern";
import { greylist, type GreylistOptions, type GreylistStore, MemoryGreylistStore } from "postern/greylist";
import { send } from "postern/testing";
import { asUser } from "./as-user.ts";

afterEach(() => void setSystemTime());

const start = Date.UTC(2026, 0, 1);
const at = (seconds: number): void => void setSystemTime(new Date(start + seconds * 1000));

function appOf(options: GreylistOptions, user?: string): Postern {
  const app = new Postern();
  app.connect(asUser(user));
  app.use(greylist(options));
  app.rcpt("nobody@y.test", (c) => c.notFound());
  app.deliver("*", (c) => c.body(null, 204));
  return app;
}

async function attempt(app: Postern, given: { from?: string; to?: string; client?: string } = {}): Promise<string> {
  const mail = { from: given.from ?? "a@x.test", to: given.to ?? "b@y.test", data: "x\n" };
  const { rcpt } = await send(app, mail, { remoteAddress: given.client ?? "192.0.2.1" });
  return rcpt[0]!.raw;
}

test("a stranger is asked to come back, and is taken when it does, not before", async () => {
  const app = appOf({});
  at(0);
  expect(await attempt(app)).toBe("451 4.7.1 Greylisted, try again in 300 seconds");
  at(100);
  expect(await attempt(app)).toBe("451 4.7.1 Greylisted, try again in 200 seconds");
  at(299);
  expect(await attempt(app)).toStartWith("451 4.7.1 ");
  at(300);
  expect(await attempt(app)).toStartWith("250 ");
});

test("who came back once is known by its network, and remembered from its last message on", async () => {
  const app = appOf({ remember: 1000 });
  at(0);
  await attempt(app);
  at(300);
  await attempt(app);
  expect(await attempt(app, { from: "c@z.test", to: "d@y.test", client: "192.0.2.77" })).toStartWith("250 ");
  expect(await attempt(app, { from: "c@z.test", to: "d@y.test", client: "192.0.3.1" })).toStartWith("451 ");
  at(1200);
  expect(await attempt(app)).toStartWith("250 ");
  at(2100);
  expect(await attempt(app)).toStartWith("250 ");
  at(3101);
  expect(await attempt(app, { to: "new@y.test" })).toStartWith("451 ");
});

test.each([
  ["another sender", { from: "other@x.test" }],
  ["another recipient", { to: "other@y.test" }],
  ["another network", { client: "198.51.100.1" }],
  ["another IPv6 network", { client: "2001:db8:1::1" }],
])("%s begins anew", async (_, given) => {
  const app = appOf({});
  at(0);
  await attempt(app);
  at(300);
  expect(await attempt(app, given)).toStartWith("451 4.7.1 ");
});

test("a neighbour may come back, in whatever case it writes", async () => {
  const app = appOf({});
  at(0);
  await attempt(app);
  at(300);
  expect(await attempt(app, { from: "A@X.test", to: "B@Y.test", client: "192.0.2.200" })).toStartWith("250 ");
});

test("who comes back after the window is a stranger again", async () => {
  const app = appOf({ window: 3600 });
  at(0);
  await attempt(app);
  at(3601);
  expect(await attempt(app)).toStartWith("451 ");
});

test.each<[string, GreylistOptions, string | undefined, string]>([
  ["an authenticated client", {}, "alice", "192.0.2.1"],
  ["a listed client", { except: ["192.0.2.0/24"] }, undefined, "192.0.2.1"],
  ["a client on a Unix socket", {}, undefined, ""],
])("%s is not asked to wait", async (_, options, user, client) => {
  expect(await attempt(appOf(options, user), { client })).toStartWith("250 ");
});

test("strangers do not learn which recipients there are", async () => {
  expect(await attempt(appOf({}), { to: "nobody@y.test" })).toStartWith("451 ");
});

const failing: GreylistStore = {
  age: () => Promise.reject(new Error("gone")),
  knows: () => Promise.reject(new Error("gone")),
  learn: () => Promise.reject(new Error("gone")),
};

test.each([[true, "250 "], [false, "451 4.3.0 "]])(
  "with a memory that fails and failOpen %p: %s",
  async (failOpen, reply) => {
    expect(await attempt(appOf({ store: failing, failOpen }))).toStartWith(reply);
  },
);

test("the memory is bounded: the oldest is forgotten", () => {
  const store = new MemoryGreylistStore(2);
  at(0);
  for (const key of ["one", "two", "three"]) store.age(key, 100, key);
  at(50);
  expect([store.age("two", 100, "two"), store.age("three", 100, "three")]).toEqual([50_000, 50_000]);
  expect(store.age("one", 100, "one")).toBe(0);
  for (const key of ["one", "two", "three"]) store.learn(key, 100);
  expect([store.knows("one"), store.knows("two"), store.knows("three")]).toEqual([false, true, true]);
});

test.each([{ delay: 0 }, { delay: NaN }, { window: -1 }, { network: { v4: 33 } }, { network: { v6: 0 } }, {
  except: ["x"],
}])(
  "the options %p are refused",
  (options) => {
    expect(() => greylist(options)).toThrow();
  },
);

test("many tries of one network make those of another neither be forgotten nor begin anew", () => {
  const store = new MemoryGreylistStore(100);
  at(0);
  store.learn("known 192.0.2.0", 1000);
  store.age("seen 198.51.100.0 a b", 1000, "198.51.100.0");
  at(50);
  for (let count = 0; count < 1000; count++) store.age(`seen 203.0.113.0 a ${count}`, 1000, "203.0.113.0");
  expect(store.knows("known 192.0.2.0")).toBe(true);
  expect(store.age("seen 198.51.100.0 a b", 1000, "198.51.100.0")).toBe(50_000);
  expect(store.age("seen 203.0.113.0 a 989", 1000, "203.0.113.0")).toBe(0);
});
