import { describe, expect, test } from "bun:test";
import { type Resolver, staticResolver, type StaticTable } from "../../src/dns/mod.ts";
import { checkHost, type SpfQuestion, type SpfVerdict } from "../../src/spf/mod.ts";

function check(table: StaticTable, question: Partial<SpfQuestion> = {}): Promise<SpfVerdict> {
  const resolver = staticResolver(table);
  return checkHost({ ip: "192.0.2.1", sender: "me@example.com", helo: "mx.example.com", resolver, ...question });
}

const spf = (record: string): StaticTable => ({ "example.com": { TXT: [record] } });

describe("checkHost", () => {
  test("says what it checked and what decided", async () => {
    expect(await check(spf("v=spf1 ?ip4:198.51.100.1 ip4:192.0.2.0/24 -all"))).toEqual({
      result: "pass",
      identity: "mailfrom",
      domain: "example.com",
      sender: "me@example.com",
      helo: "mx.example.com",
      ip: "192.0.2.1",
      mechanism: "ip4:192.0.2.0/24",
    });
  });

  test("checks the HELO name for the null sender", async () => {
    const table = { "mx.example.com": { TXT: ["v=spf1 a -all"], A: ["192.0.2.1"] } };
    expect(await check(table, { sender: "" })).toMatchObject({
      result: "pass",
      identity: "helo",
      domain: "mx.example.com",
      sender: "postmaster@mx.example.com",
    });
  });

  test.each(["bank.test/x.evil.test", "x@bank.test", "bank.test x.evil.test", "bank.test:x.evil.test"])(
    "has no identity in the HELO name %p",
    async (helo) => {
      const open = { TXT: ["v=spf1 +all"] };
      const table = { [helo]: open, "bank.test": open };
      expect(await check(table, { sender: "", helo })).toMatchObject({ result: "none", identity: "helo", helo });
    },
  );

  test("names the mechanism default where none matched", async () => {
    expect(await check(spf("v=spf1 ip4:203.0.113.1"))).toMatchObject({ result: "neutral", mechanism: "default" });
  });

  test("sees an IPv4 client in IPv6 clothes, and one with a zone", async () => {
    expect((await check(spf("v=spf1 ip4:192.0.2.1 -all"), { ip: "::ffff:192.0.2.1" })).result).toBe("pass");
    expect((await check(spf("v=spf1 ip6:fe80::/10 -all"), { ip: "fe80::1%eth0" })).result).toBe("pass");
  });

  test("throws for what is no address, and for nothing else", async () => {
    await expect(check({}, { ip: "localhost" })).rejects.toThrow(TypeError);
    for (const sender of ["@", "a@", "a@[192.0.2.1]", "\0", "a@b\r\n.example", "é@é", "x".repeat(5000), "a@b@c"]) {
      expect((await check({}, { sender })).result).toBe("none");
    }
  });

  test("asks for a domain with U-labels by its A-labels, and puts those into macros", async () => {
    const table = {
      "xn--bcher-kva.example": { TXT: ["v=spf1 exists:ok.%{d} -all"] },
      "ok.xn--bcher-kva.example": { A: ["127.0.0.2"] },
    };
    expect(await check(table, { sender: "me@bücher.example" })).toMatchObject({
      result: "pass",
      domain: "xn--bcher-kva.example",
    });
  });

  test("a local part beyond ASCII never matches (RFC 8616 section 4)", async () => {
    const table = {
      "example.com": { TXT: ["v=spf1 exists:%{l}.users.example.com -all"] },
      "xn--jrg-sna.users.example.com": { A: ["127.0.0.2"] },
    };
    expect((await check(table, { sender: "jörg@example.com" })).result).toBe("fail");
    const escaped = {
      "example.com": { TXT: ["v=spf1 include:%{L}.gone.example.com exists:%{L}.users.example.com -all"] },
      "j%C3%B6rg.users.example.com": { A: ["127.0.0.2"] },
    };
    expect((await check(escaped, { sender: "jörg@example.com" })).result).toBe("fail");
  });

  test("a HELO name beyond ASCII is not turned into another name", async () => {
    const table = {
      "example.com": { TXT: ["v=spf1 exists:%{h} -all"] },
      "xn--bcher-kva.example": { A: ["127.0.0.2"] },
    };
    expect((await check(table, { helo: "bücher.example" })).result).toBe("fail");
  });

  test("DNS trouble is a temperror and says where", async () => {
    expect(await check({ "example.com": "servfail" })).toMatchObject({
      result: "temperror",
      problem: "TXT lookup of example.com failed: servfail",
    });
  });

  test("a syntax error shows the term without what could harm a log", async () => {
    expect(await check(spf("v=spf1 a:\x1b[31m\r\nX -all"))).toMatchObject({
      result: "permerror",
      problem: expect.stringMatching(/^in the record of example.com, "a:\?\[31m\?\?X" [ -~]+$/),
    });
  });

  test("time over is a temperror, and the resolver is told to stop", async () => {
    let told = false;
    const resolver: Resolver = {
      resolve: (_name, _type, options) =>
        new Promise((settle) =>
          options?.signal?.addEventListener("abort", () => {
            told = true;
            settle({ status: "failure", reason: "aborted", detail: "" });
          })
        ),
    };
    expect((await check({}, { resolver, timeout: 20 })).result).toBe("temperror");
    expect(told).toBe(true);
  });

  test("a resolver that heeds no signal does not hold it up", async () => {
    const resolver: Resolver = { resolve: () => new Promise(() => {}) };
    expect((await check({}, { resolver, timeout: 20 })).result).toBe("temperror");
    expect((await check({}, { resolver, signal: AbortSignal.abort() })).result).toBe("temperror");
  });
});

describe("the limits", () => {
  const chain = (length: number): StaticTable =>
    Object.fromEntries(Array.from({ length: length + 1 }, (_, at) => [
      at === 0 ? "example.com" : `i${at}.example.com`,
      { TXT: [at < length ? `v=spf1 include:i${at + 1}.example.com -all` : "v=spf1 +all"] },
    ]));

  test("ten terms may ask the DNS, the eleventh may not", async () => {
    expect((await check(chain(10))).result).toBe("pass");
    expect((await check(chain(11))).result).toBe("permerror");
    expect((await check(chain(11), { limits: { lookups: 20 } })).result).toBe("pass");
  });

  test("two terms may find nothing, the third may not", async () => {
    const record = (count: number): StaticTable =>
      spf(`v=spf1 ${Array.from({ length: count }, (_, at) => `a:gone${at}.example.com`).join(" ")} ?all`);
    expect((await check(record(2))).result).toBe("neutral");
    expect((await check(record(3))).result).toBe("permerror");
    expect((await check(record(3), { limits: { voids: 3 } })).result).toBe("neutral");
  });

  test("MX hosts without an address in the client's family are not counted", async () => {
    const table: StaticTable = {
      "example.com": {
        TXT: ["v=spf1 mx ~all"],
        MX: [1, 2, 3, 4].map((at) => ({ preference: at, exchange: `mx${at}.example.com` })),
      },
      ...Object.fromEntries([1, 2, 3, 4].map((at) => [`mx${at}.example.com`, { A: ["192.0.2.7"] }])),
    };
    expect((await check(table, { ip: "2001:db8::1" })).result).toBe("softfail");
  });
});

describe("the client's own names", () => {
  const named = (names: readonly string[], record: string): StaticTable => ({
    "example.com": { TXT: [record] },
    "1.2.0.192.in-addr.arpa": { PTR: names },
    ...Object.fromEntries(names.map((name) => [name, { A: ["192.0.2.1"] }])),
  });

  test("the p macro takes the domain itself, else a name below it, else any", async () => {
    const record = "v=spf1 -all exp=why.example.org";
    const said = async (names: readonly string[]): Promise<string | undefined> =>
      (await check({ ...named(names, record), "why.example.org": { TXT: ["%{p}"] } })).explanation;
    expect(await said(["other.example.net", "mx.example.com"])).toBe("mx.example.com");
    expect(await said(["other.example.net"])).toBe("other.example.net");
    expect(await said([])).toBe("unknown");
  });

  test("the eleventh PTR name does not count", async () => {
    const names = Array.from({ length: 10 }, (_, at) => `n${at}.example.net`);
    const last = [...names.slice(0, 9), "mx.example.com"];
    expect((await check(named(last, "v=spf1 ptr -all"))).result).toBe("pass");
    expect((await check(named([...names, "mx.example.com"], "v=spf1 ptr -all"))).result).toBe("fail");
  });

  test("a name that only ends in the same letters is not within the domain", async () => {
    expect((await check(named(["badexample.com"], "v=spf1 ptr -all"))).result).toBe("fail");
  });
});

describe("explanations", () => {
  const table = (text: string): StaticTable => ({
    "example.com": { TXT: ["v=spf1 -all exp=why.example.com"] },
    "why.example.com": { TXT: [text] },
  });

  test("know the receiver and the time", async () => {
    const verdict = await check(table("%{c} at %{r}, %{t}"), {
      receiver: "mx.here.example",
      now: () => 1_700_000_000_999,
    });
    expect(verdict.explanation).toBe("192.0.2.1 at mx.here.example, 1700000000");
  });

  test("cannot carry what the sender slips in", async () => {
    const verdict = await check(table("no %{l}"), { sender: "x\r\n250 ok\u0085é@example.com" });
    expect(verdict.explanation).toBe("no x??250 ok??");
  });

  test("are cut to a length", async () => {
    const verdict = await check(table("%{s}".repeat(500)));
    expect(verdict.explanation).toHaveLength(1000);
  });

  test("are there for fail alone", async () => {
    expect(await check({ ...table("why"), ...spf("v=spf1 ~all exp=why.example.com") })).not.toHaveProperty(
      "explanation",
    );
  });
});
