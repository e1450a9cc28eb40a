import { expect, test } from "bun:test";
import { staticResolver } from "../../src/dns/mod.ts";
import { mailable } from "../../src/mx/mod.ts";

const mx = (preference: number, exchange: string) => ({ preference, exchange });

const resolver = staticResolver({
  "two.example": { MX: [mx(20, "mx2.example"), mx(10, "mx1.example")] },
  "address.example": { A: ["192.0.2.1"] },
  "six.example": { AAAA: ["2001:db8::1"] },
  "half.example": { A: "timeout", AAAA: ["2001:db8::1"] },
  "null.example": { MX: [mx(0, ".")], A: ["192.0.2.1"] },
  "confused.example": { MX: [mx(0, "."), mx(10, "mx.example")] },
  "text.example": { TXT: ["nothing else"] },
  "down.example": "servfail",
  "mxdown.example": { MX: "timeout", A: ["192.0.2.1"] },
  "adown.example": { A: "servfail" },
  "aaaadown.example": { AAAA: "timeout" },
});

test.each([
  ["two.example", { status: "mailable", via: "mx", exchanges: [mx(10, "mx1.example"), mx(20, "mx2.example")] }],
  ["address.example", { status: "mailable", via: "address", addresses: ["192.0.2.1"] }],
  ["six.example", { status: "mailable", via: "address", addresses: ["2001:db8::1"] }],
  ["half.example", { status: "mailable", via: "address", addresses: ["2001:db8::1"] }],
  ["null.example", { status: "unmailable", reason: "null-mx" }],
  ["confused.example", { status: "mailable", via: "mx", exchanges: [mx(10, "mx.example")] }],
  ["text.example", { status: "unmailable", reason: "nodata" }],
  ["gone.example", { status: "unmailable", reason: "nxdomain" }],
  ["a..example", { status: "unmailable", reason: "name" }],
  ["down.example", { status: "temperror", reason: "servfail" }],
  ["mxdown.example", { status: "temperror", reason: "timeout" }],
  ["adown.example", { status: "temperror", reason: "servfail" }],
  ["aaaadown.example", { status: "temperror", reason: "timeout" }],
])("%s", async (domain, expected) => {
  expect(await mailable(domain, { resolver })).toEqual(expected as Awaited<ReturnType<typeof mailable>>);
});

test("a signal that has fired is a temperror", async () => {
  expect(await mailable("two.example", { resolver, signal: AbortSignal.abort() }))
    .toEqual({ status: "temperror", reason: "aborted" });
});
