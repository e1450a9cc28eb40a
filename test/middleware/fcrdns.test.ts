import { expect, test } from "bun:test";
import { Postern } from "postern";
import { staticResolver } from "postern/dns";
import { fcrdns, type FcrdnsOptions, type FcrdnsVariables, type ReverseName } from "postern/fcrdns";
import { send, type SendResult } from "postern/testing";
import { asUser } from "./as-user.ts";

const resolver = staticResolver({
  "1.2.0.192.in-addr.arpa": { PTR: ["other.test", "good.test"] },
  "good.test": { A: ["192.0.2.9", "192.0.2.1"] },
  "other.test": { A: ["192.0.2.9"] },
  "2.2.0.192.in-addr.arpa": { PTR: ["other.test"] },
  "4.2.0.192.in-addr.arpa": "timeout",
  "5.2.0.192.in-addr.arpa": { PTR: ["down.test"] },
  "down.test": "servfail",
  "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": { PTR: ["six.test"] },
  "six.test": { AAAA: ["2001:DB8:0::1"] },
});

async function through(remoteAddress: string, options: FcrdnsOptions = {}, user?: string): Promise<{
  result: SendResult;
  found: ReverseName | undefined;
}> {
  const app = new Postern<{ Variables: FcrdnsVariables }>();
  app.helo(asUser(user));
  app.use(fcrdns({ resolver, ...options }));
  let found: ReverseName | undefined;
  app.deliver("*", (c) => {
    found = c.var.fcrdns;
    return c.body(null, 204);
  });
  return { result: await send(app, { from: "a@x.test", to: "b@y.test", data: "x\n" }, { remoteAddress }), found };
}

test.each<[string, ReverseName]>([
  ["192.0.2.1", { status: "pass", name: "good.test" }],
  ["2001:db8::1", { status: "pass", name: "six.test" }],
  ["192.0.2.2", { status: "fail", names: ["other.test"] }],
  ["192.0.2.3", { status: "none" }],
  ["192.0.2.4", { status: "temperror", reason: "timeout" }],
  ["192.0.2.5", { status: "temperror", reason: "servfail" }],
])("%s is found to be %p", async (address, expected) => {
  const { result, found } = await through(address);
  expect(result.data?.code).toBe(250);
  expect(found).toEqual(expected);
});

test.each([
  ["192.0.2.1", "220"],
  ["192.0.2.2", "550 5.7.25"],
  ["192.0.2.3", "550 5.7.25"],
  ["192.0.2.4", "450 4.7.25"],
])("with reject and defer, %s is greeted with %s", async (address, expected) => {
  const { result } = await through(address, { reject: ["none", "fail"], defer: true });
  expect(result.greeting.raw).toStartWith(`${expected} `);
});

test("from mail on, authenticated clients are let in", async () => {
  const options = { reject: ["none"], stage: "mail" } as const;
  expect((await through("192.0.2.3", options, "alice")).result.data?.code).toBe(250);
  expect((await through("192.0.2.3", options)).result.mail.enhanced).toBe("5.7.25");
});
