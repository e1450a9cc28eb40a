import { afterEach, expect, test } from "bun:test";
import { Postern } from "postern";
import { requireAuth } from "postern/require-auth";
import { send } from "postern/testing";

const everything = Object.prototype as unknown as Record<string, unknown>;
const facts = { user: "admin", tag: "t", priority: 9, dsn: {}, holdUntil: new Date(0) };

afterEach(() => {
  for (const name of Object.keys(facts)) delete everything[name];
});

/** As a library might be made to do. */
function pollute(): void {
  for (const [name, value] of Object.entries(facts)) {
    Object.defineProperty(everything, name, { value, configurable: true, writable: true, enumerable: false });
  }
}

const mail = { from: "a@x.test", to: "b@y.test", data: "Subject: x\r\n\r\nhi\r\n" };

test("facts that are absent are not those of all objects", async () => {
  const app = new Postern();
  const seen: unknown[] = [];
  app.deliver("*", (c) => {
    const { session, envelope } = c.var;
    seen.push(c.var.user, session.user, envelope.priority, envelope.dsn, envelope.holdUntil);
    seen.push(envelope.to[0]!.tag);
    return c.body(null, 204);
  });
  pollute();
  const { data } = await send(app, mail);
  expect(data?.code).toBe(250);
  expect(seen).toEqual(Array(6).fill(undefined));
});

test("nobody is authenticated because all objects have a user", async () => {
  const app = new Postern();
  app.use(requireAuth());
  app.deliver("*", (c) => c.body(null, 204));
  pollute();
  expect((await send(app, mail)).mail?.code).toBe(530);
});
