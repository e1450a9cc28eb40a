import { expect, test } from "bun:test";
import { staticResolver } from "../../src/dns/mod.ts";

const resolver = staticResolver({
  "Example.com.": { TXT: ["v=spf1 -all"], MX: "servfail" },
  "www.example.com": { CNAME: ["example.com"] },
  "loop.example.com": { CNAME: ["loop.example.com"] },
  "a.b.example.org": { A: ["192.0.2.1"] },
  "down.example": "timeout",
});

test.each([
  ["EXAMPLE.com", "ok"],
  ["www.example.com", "ok"],
  ["gone.example.com", "nxdomain"],
  ["b.example.org", "nodata"], // there is a name below it
  ["down.example", "failure"],
  ["loop.example.com", "failure"],
  ["a..example", "failure"],
])("TXT of %s: %s", async (name, status) => {
  expect((await resolver.resolve(name, "TXT")).status).toBe(status as "ok");
});

test("one type can fail alone", async () => {
  expect(await resolver.resolve("example.com", "MX")).toMatchObject({ status: "failure", reason: "servfail" });
});

test("a signal that has fired ends it", async () => {
  const answer = await resolver.resolve("example.com", "TXT", { signal: AbortSignal.abort() });
  expect(answer).toMatchObject({ status: "failure", reason: "aborted" });
});

test("a table with a name that is none throws", () => {
  expect(() => staticResolver({ "a..b": {} })).toThrow(TypeError);
});
