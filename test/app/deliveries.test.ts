import { describe, expect, setSystemTime, test } from "bun:test";
import fc from "fast-check";
import { type DeliveryStore, MemoryDeliveryStore, Postern, reply } from "postern";
import { send, type TestOptions } from "postern/testing";

describe("the memory of deliveries", () => {
  test("a message is remembered until all its recipients were told", () => {
    const store = new MemoryDeliveryStore();
    store.record("s", "m", ["a", "b"], ["a", "b", "c"]);
    expect(store.isPending("s")).toBe(true);
    expect(store.isPending("t")).toBe(false);
    expect(store.delivered("s", "m")).toEqual(["a", "b"]);
    expect(store.delivered("s", "n")).toEqual([]);
    expect(store.delivered("t", "m")).toEqual([]);
    store.settle("s", "m", ["a"]);
    store.settle("s", "m", ["a", "c"]);
    expect(store.isPending("s")).toBe(true);
    store.settle("s", "m", ["b"]);
    expect(store.isPending("s")).toBe(false);
    expect(store.delivered("s", "m")).toEqual([]);
    store.settle("s", "m", ["b"]);
  });

  test("recording again adds who took it, and who is to be told", () => {
    const store = new MemoryDeliveryStore();
    store.record("s", "m", ["a"], ["a", "b"]);
    store.record("s", "m", ["c"], ["c", "d"]);
    expect(store.delivered("s", "m")).toEqual(["a", "c"]);
    store.settle("s", "m", ["a", "b"]);
    expect(store.delivered("s", "m")).toEqual(["c"]);
    store.settle("s", "m", ["c", "d"]);
    expect(store.isPending("s")).toBe(false);
  });

  test("it is bounded: the oldest message goes, whoever sent it", () => {
    const store = new MemoryDeliveryStore(2);
    store.record("s", "1", ["a"], ["a"]);
    store.record("t", "2", ["a"], ["a"]);
    store.record("s", "3", ["a"], ["a"]);
    expect(store.delivered("s", "1")).toEqual([]);
    expect(store.delivered("t", "2")).toEqual(["a"]);
    store.record("s", "4", ["a"], ["a"]);
    expect(store.delivered("t", "2")).toEqual([]);
    expect(store.isPending("t")).toBe(false);
    expect(store.delivered("s", "3")).toEqual(["a"]);
    // What is known already makes no room for itself.
    store.record("s", "4", ["b"], ["b"]);
    expect(store.delivered("s", "3")).toEqual(["a"]);
    store.settle("s", "3", ["a"]);
    store.record("u", "5", ["a"], ["a"]);
    expect(store.delivered("s", "4")).toEqual(["a", "b"]);
  });

  test("names from the wire are names, whatever they are", () => {
    const store = new MemoryDeliveryStore();
    store.record("__proto__", "constructor", ["__proto__"], ["__proto__", "x"]);
    expect(store.isPending("__proto__")).toBe(true);
    expect(store.isPending("constructor")).toBe(false);
    expect(store.delivered("__proto__", "constructor")).toEqual(["__proto__"]);
  });

  test("it is bounded by recipients, too, and what was told counts no more", () => {
    const store = new MemoryDeliveryStore(100, 10);
    const names = (count: number) => Array.from({ length: count }, (_, index) => `r${index}@y.test`);
    for (const sender of ["a", "b", "c"]) store.record(sender, "m", names(2), names(4));
    // Whenever there are more than ten, the oldest goes before the next one comes.
    store.record("d", "m", names(1), names(1));
    expect(["a", "b", "c", "d"].map((sender) => store.isPending(sender))).toEqual([false, false, true, true]);
    store.settle("c", "m", names(4));
    store.settle("d", "m", names(1));
    expect(store.isPending("c") || store.isPending("d")).toBe(false);
    for (const sender of ["e", "f"]) store.record(sender, "m", names(2), names(4));
    expect([store.isPending("e"), store.isPending("f")]).toEqual([true, true]);
  });

  test("after five days a message is forgotten", () => {
    const store = new MemoryDeliveryStore();
    try {
      setSystemTime(new Date("2026-01-01T00:00:00Z"));
      store.record("s", "1", ["a"], ["a"]);
      setSystemTime(new Date("2026-01-04T00:00:00Z"));
      store.record("s", "2", ["a"], ["a"]);
      setSystemTime(new Date("2026-01-06T00:00:01Z"));
      expect(store.isPending("s")).toBe(true);
      expect(store.delivered("s", "1")).toEqual([]);
      expect(store.delivered("s", "2")).toEqual(["a"]);
      setSystemTime(new Date("2026-01-09T00:00:01Z"));
      expect(store.isPending("s")).toBe(false);
      expect(store.delivered("s", "2")).toEqual([]);
    } finally {
      setSystemTime();
    }
  });
});

/** A server, and what its handlers took: `plan` says how each attempt at a recipient goes, success after its end. */
function planned(plan: Readonly<Record<string, readonly number[]>>): { app: Postern; taken: string[] } {
  const taken: string[] = [];
  const attempts: Record<string, number> = {};
  const app = new Postern().deliver(":user@x.test", (c) => {
    const user = c.req.param("user");
    const code = plan[user]?.[attempts[user] = (attempts[user] ?? -1) + 1] ?? 250;
    if (code === 250) taken.push(user);
    return code === 251 ? Promise.reject(new Error("planned")) : reply(code, `${code}`[0] + ".0.0", user);
  });
  return { app, taken };
}

type Outcome = "told 250" | "told 5xx" | "to try again";

/** One connection of a sender that does as it is told: those who got a 4xx are tried again another time. */
async function attempt(
  app: Postern,
  to: readonly string[],
  options: TestOptions,
  from = "s@y.test",
): Promise<Map<string, Outcome>> {
  const { rcpt, data } = await send(app, { from, to, data: "Subject: hi\n\nhello\n" }, options);
  return new Map(to.map((recipient, at) => {
    const { code } = rcpt[at]!.code === 250 ? data! : rcpt[at]!;
    return [recipient, code === 250 ? "told 250" : code >= 500 ? "told 5xx" : "to try again"];
  }));
}

/** Tries until everybody has heard a final reply. */
async function persist(app: Postern, to: readonly string[], options: TestOptions): Promise<Map<string, Outcome>> {
  const told = new Map<string, Outcome>();
  let left = to;
  for (let tries = 0; left.length > 0; tries++) {
    expect(tries).toBeLessThan(60);
    for (const [recipient, outcome] of await attempt(app, left, options)) {
      if (outcome !== "to try again") told.set(recipient, outcome);
    }
    left = left.filter((recipient) => !told.has(recipient));
  }
  return told;
}

describe("one reply for several recipients", () => {
  test.each<[codes: number[], reply: string]>([
    [[250, 250], "250 2.0.0"],
    [[450, 450], "450 4.0.0"],
    [[550, 550], "550 5.0.0"],
    [[550, 450], "450 4.0.0"],
    [[450, 550], "450 4.0.0"],
    [[250, 450], "451 4.3.0"],
    [[550, 250], "451 4.3.0"],
    [[250, 250, 550], "451 4.3.0"],
    [[550, 450, 550], "450 4.0.0"],
    [[251, 550], "451 4.3.0"],
    [[450], "450 4.0.0"],
    [[550], "550 5.0.0"],
  ])("%j: %s", async (codes, expected) => {
    const { app } = planned(Object.fromEntries(codes.map((code, at) => [`u${at}`, [code]])));
    const { data } = await send(app, { from: "", to: codes.map((_, at) => `u${at}@x.test`), data: "" });
    expect(data?.raw).toStartWith(expected);
  });

  test("nobody gets a message twice, and nobody lacks it for whom the sender was told 250", async () => {
    const users = ["a", "b", "c", "d", "e"];
    const plans = fc.record(
      Object.fromEntries(users.map((user) => [user, fc.array(fc.constantFrom(450, 251, 550, 450), { maxLength: 3 })])),
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(plans, fc.shuffledSubarray(users, { minLength: 1 }), async (plan, named) => {
        const { app, taken } = planned(plan as Record<string, number[]>);
        const deliveries = new MemoryDeliveryStore();
        const to = named.map((user) => `${user}@x.test`);
        const told = await persist(app, to, { deliveries });
        expect(taken.toSorted()).toEqual([...new Set(taken)].toSorted());
        const heard = named.filter((user) => told.get(`${user}@x.test`) === "told 250").toSorted();
        expect(heard).toEqual(taken.toSorted());
        expect(deliveries.isPending("s@y.test")).toBe(false);
      }),
      { seed: 451, numRuns: 60 },
    );
  });

  test("the same for a sender that splits its recipients over connections at the same time", async () => {
    const users = ["a", "b", "c", "d", "e", "f"];
    const plans = fc.record(
      Object.fromEntries(users.map((user) => [user, fc.array(fc.constantFrom(450, 251, 550), { maxLength: 2 })])),
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(plans, fc.integer({ min: 1, max: 5 }), async (plan, split) => {
        const { app, taken } = planned(plan as Record<string, number[]>);
        const deliveries = new MemoryDeliveryStore();
        const to = users.map((user) => `${user}@x.test`);
        const parts = [to.slice(0, split), to.slice(split)];
        const told = await Promise.all(parts.map((part) => persist(app, part, { deliveries })));
        const heard = told.flatMap((part) => [...part]).filter(([, outcome]) => outcome === "told 250");
        expect(taken.toSorted()).toEqual(heard.map(([address]) => address[0]!).toSorted());
        expect(deliveries.isPending("s@y.test")).toBe(false);
      }),
      { seed: 452, numRuns: 40 },
    );
  });

  test("while a message is half delivered its sender has one recipient at a time, others have not", async () => {
    const { app } = planned({ b: [450, 450] });
    const deliveries = new MemoryDeliveryStore();
    const to = ["a@x.test", "b@x.test"];
    await attempt(app, to, { deliveries });
    const { rcpt } = await send(app, { from: "S@y.test", to, data: "another" }, { deliveries });
    expect(rcpt.map(({ code, enhanced }) => `${code} ${enhanced}`)).toEqual(["250 2.1.5", "452 4.5.3"]);
    expect(await attempt(app, to, { deliveries }, "t@y.test")).toEqual(
      new Map([["a@x.test", "to try again"], ["b@x.test", "to try again"]]),
    );
  });

  test("a bounce has no sender: its client stands for it", async () => {
    const { app, taken } = planned({ b: [450] });
    const deliveries = new MemoryDeliveryStore();
    const bounce = (to: readonly string[], remoteAddress: string) =>
      send(app, { from: "", to, data: "x" }, { deliveries, remoteAddress });
    expect((await bounce(["a@x.test", "b@x.test"], "192.0.2.1")).data?.code).toBe(451);
    expect((await bounce(["a@x.test"], "192.0.2.1")).data?.code).toBe(250);
    expect(taken).toEqual(["a"]);
    expect((await bounce(["a@x.test", "c@x.test"], "192.0.2.2")).data?.code).toBe(250);
    expect(taken).toEqual(["a", "a", "c"]);
  });

  test("one mailbox in several spellings gets the message once, two mailboxes both get it (rows 41, 49)", async () => {
    const taken: string[] = [];
    const app = new Postern().deliver("*", (c) => {
      taken.push(c.var.recipient.address);
      return c.body(null, 204);
    });
    const sent = async (...to: string[]) => {
      taken.length = 0;
      const { data } = await send(app, { from: "", to, data: "", parameters: "SMTPUTF8" });
      expect(data?.code).toBe(250);
      return taken.length;
    };
    expect(await sent("a@x.test", "A@X.TEST", '"a"@x.test')).toBe(1);
    expect(await sent("a@b\u00fccher.test", "a@xn--bcher-kva.test", "a@B\u00dcCHER.test")).toBe(1);
    expect(await sent("Postmaster", "postmaster@mx.test")).toBe(1);
    expect(await sent("k@x.test", "\u212a@x.test")).toBe(2);
    expect(await sent("s@x.test", "\u017f@x.test")).toBe(2);
    expect(await sent("\u00fc@x.test", "u\u0308@x.test")).toBe(2);
    expect(await sent("a@x.test", "a+t@x.test")).toBe(2);
  });

  test("a store of one's own may take its time", async () => {
    const own = new MemoryDeliveryStore();
    const slow = async <T>(answer: T) => (await Bun.sleep(0), answer);
    const store: DeliveryStore = {
      isPending: (sender) => slow(own.isPending(sender)),
      delivered: (sender, message) => slow(own.delivered(sender, message)),
      record: (...given) => slow(own.record(...given)),
      settle: (...given) => slow(own.settle(...given)),
    };
    const { app, taken } = planned({ b: [450, 251], c: [550] });
    const told = await persist(app, ["a@x.test", "b@x.test", "c@x.test"], { deliveries: store });
    expect([...told.values()]).toEqual(["told 250", "told 250", "told 250"]);
    expect(taken.toSorted()).toEqual(["a", "b", "c"]);
  });

  test.each<[method: keyof DeliveryStore, isSync: boolean, said: string]>([
    ["isPending", false, "250 451 451"],
    ["isPending", true, "250 451 451"],
    ["delivered", false, "250 452 451"],
    ["delivered", true, "250 452 451"],
    // All who are asked have it, and hear so.
    ["settle", false, "250 452 250"],
    ["settle", true, "250 452 250"],
  ])("a store whose %s fails (at once: %p) does not cost the session: %s", async (method, isSync, said) => {
    const own = new MemoryDeliveryStore();
    own.record("s@y.test", "other", ["z@x.test"], ["z@x.test"]);
    const { app, taken } = planned({});
    const { rcpt, data } = await send(app, { from: "s@y.test", to: ["a@x.test", "b@x.test"], data: "" }, {
      deliveries: failingAt(own, method, isSync),
    });
    expect([...rcpt, data!].map(({ code }) => code).join(" ")).toBe(said);
    expect(taken).toEqual(method === "settle" ? ["a"] : []);
  });

  test("a store that cannot write down who took a message: 451, since not all did", async () => {
    for (const isSync of [false, true]) {
      const { app } = planned({ b: [450] });
      const deliveries = failingAt(new MemoryDeliveryStore(), "record", isSync);
      const { data } = await send(app, { from: "", to: ["a@x.test", "b@x.test"], data: "" }, { deliveries });
      expect(data?.raw).toStartWith("451 4.3.0");
    }
  });
});

/** The same store, of which one method fails. */
function failingAt(store: DeliveryStore, method: keyof DeliveryStore, isSync: boolean): DeliveryStore {
  const failing = () => {
    if (isSync) throw new Error("store");
    return Promise.reject(new Error("store"));
  };
  return new Proxy(store, {
    get: (target, name) => name === method ? failing : Reflect.get(target, name).bind(target),
  });
}
