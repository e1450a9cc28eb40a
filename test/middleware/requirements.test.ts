import { expect, test } from "bun:test";
import type { MiddlewareHandler } from "hono";
import { Postern } from "postern";
import { requireAuth } from "postern/require-auth";
import { requireTls } from "postern/require-tls";
import { senderMatchesUser } from "postern/sender-matches-user";
import { send } from "postern/testing";
import { asUser } from "./as-user.ts";

async function mailReply(
  middleware: MiddlewareHandler,
  given: { from?: string; user?: string; tls?: boolean; remoteAddress?: string } = {},
): Promise<string> {
  const app = new Postern();
  app.helo(asUser(given.user), async (c, next) => {
    if (given.tls) Object.assign(c.var.session, { tls: { protocol: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" } });
    await next();
  });
  app.use(middleware);
  app.deliver("*", (c) => c.body(null, 204));
  const mail = { from: given.from ?? "a@x.test", to: "b@y.test", data: "x\n" };
  const result = await send(app, mail, { remoteAddress: given.remoteAddress ?? "192.0.2.1" });
  expect(result.ehlo.code).toBe(250);
  expect(result.data?.code).toBe(result.mail.code === 250 ? 250 : undefined);
  return result.mail.raw.slice(0, 9);
}

test.each([
  [{}, "530 5.7.0"],
  [{ tls: true }, "250 2.1.0"],
  [{ remoteAddress: "" }, "250 2.1.0"],
])("requireTls() for %p: %s", async (given, expected) => {
  expect(await mailReply(requireTls(), given)).toBe(expected);
});

test.each([
  [{}, {}, "530 5.7.0"],
  [{}, { user: "alice" }, "250 2.1.0"],
  [{ except: ["192.0.2.0/24"] }, {}, "250 2.1.0"],
  [{ except: ["192.0.3.0/24"] }, {}, "530 5.7.0"],
])("requireAuth(%p) for %p: %s", async (options, given, expected) => {
  expect(await mailReply(requireAuth(options), given)).toBe(expected);
});

test.each([
  ["alice@x.test", "alice@x.test", true],
  ["Alice@X.test", "aLICE@x.TEST", true],
  ["alice@x.test", "alice+lists@x.test", true],
  ["alice@xn--bcher-kva.test", "alice@XN--bcher-kva.test", true],
  ["alice@x.test", "", true],
  [undefined, "bob@x.test", true],
  ["alice@x.test", "bob@x.test", false],
  ["alice@x.test", "alice@y.test", false],
  ["alice@x.test", "alicex@x.test", false],
  ["alice", "alice@x.test", false],
  ["@x.test", "alice@x.test", false],
])("senderMatchesUser(): may %p send as <%s>? %p", async (user, from, may) => {
  const given = { from, ...(user === undefined ? {} : { user }) };
  expect(await mailReply(senderMatchesUser(), given)).toBe(may ? "250 2.1.0" : "553 5.7.1");
});

test("senderMatchesUser() asks whom it is given", async () => {
  const byLocal = senderMatchesUser((user, { local }) => Promise.resolve(user === local));
  expect(await mailReply(byLocal, { user: "a" })).toBe("250 2.1.0");
  expect(await mailReply(byLocal, { user: "b" })).toBe("553 5.7.1");
});
