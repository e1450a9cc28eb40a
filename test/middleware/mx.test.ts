import { expect, test } from "bun:test";
import { Postern } from "postern";
import { staticResolver } from "postern/dns";
import { mx, type MxOptions, type MxVariables } from "postern/mx";
import { send, type SendResult } from "postern/testing";
import { asUser } from "./as-user.ts";

const resolver = staticResolver({
  "mx.test": { MX: [{ preference: 10, exchange: "in.mx.test" }] },
  "host.test": { A: ["192.0.2.1"] },
  "null.test": { MX: [{ preference: 0, exchange: "." }] },
  "text.test": { TXT: ["no mail"] },
  "down.test": "timeout",
});

async function through(
  from: string,
  options: MxOptions = {},
  user?: string,
): Promise<{ result: SendResult; found?: string }> {
  const app = new Postern<{ Variables: MxVariables }>();
  app.connect(asUser(user));
  app.use(mx({ resolver, ...options }));
  let found: string | undefined;
  app.deliver("*", (c) => {
    found = c.var.mailable?.status;
    return c.body(null, 204);
  });
  const result = await send(app, { from, to: "b@y.test", data: "x\n" }, { remoteAddress: "192.0.2.1" });
  return { result, ...(found === undefined ? {} : { found }) };
}

test.each([
  ["a@mx.test", "250 2.1.0"],
  ["a@host.test", "250 2.1.0"],
  ["a@null.test", "550 5.7.27"],
  ["a@text.test", "550 5.1.8"],
  ["a@gone.test", "550 5.1.8"],
  ["a@down.test", "451 4.1.8"],
  ["a@[192.0.2.1]", "250 2.1.0"],
  ["", "250 2.1.0"],
])("with reject and defer, <%s> gets %s", async (from, expected) => {
  expect((await through(from, { reject: true, defer: true })).result.mail.raw).toStartWith(`${expected} `);
});

test.each([
  ["a@mx.test", "mailable"],
  ["a@null.test", "unmailable"],
  ["a@down.test", "temperror"],
  ["", undefined],
])("without options <%s> is only reported: %s", async (from, status) => {
  const { result, found } = await through(from);
  expect(result.data?.code).toBe(250);
  expect(found).toBe(status as string);
});

test.each([["an authenticated client", {}, "alice"], ["a listed client", { except: ["192.0.2.1"] }, undefined]])(
  "%s is not looked at",
  async (_, options, user) => {
    const { result, found } = await through("a@null.test", { reject: true, ...options }, user);
    expect(result.data?.code).toBe(250);
    expect(found).toBeUndefined();
  },
);
