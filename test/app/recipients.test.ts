import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { type MailHandler, Postern, reply } from "postern";
import { send } from "postern/testing";

type Has = "none" | "matching" | "other" | "refusing" | "passing";

/** What an app with these routes says at RCPT and at the end of the message; no second code: no message was taken. */
async function codes(app: MailHandler, to = "a@x.test"): Promise<string> {
  const { rcpt, data } = await send(app, { from: "s@y.test", to, data: "hi" });
  const said = [rcpt[0], data].filter((each) => each !== undefined).map(({ code, enhanced }) => `${code} ${enhanced}`);
  return said.join(", ");
}

function appWith(rcpt: Has, deliver: Has, data: boolean, middleware: boolean): Postern {
  const app = new Postern();
  if (middleware) app.use(async (_, next) => await next());
  for (const [stage, has] of [["rcpt", rcpt], ["deliver", deliver]] as const) {
    if (has === "matching") app[stage]("a@x.test", (c: { body(_: null, status: 204): Response }) => c.body(null, 204));
    if (has === "other") app[stage]("b@x.test", (c: { body(_: null, status: 204): Response }) => c.body(null, 204));
    if (has === "refusing") app[stage]("*@x.test", () => reply(550, "5.7.1", "No"));
    if (has === "passing") app[stage]("*@x.test", async (_: unknown, next: () => Promise<void>) => await next());
  }
  if (data) app.data((c) => c.body(null, 204));
  return app;
}

describe("closed by default: rcpt, deliver and data routes", () => {
  const refused = "550 5.1.1";
  const taken = "250 2.1.5, 250 2.0.0";
  test.each<[rcpt: Has, deliver: Has, data: boolean, said: string]>([
    ["none", "none", false, refused],
    ["none", "none", true, taken],
    ["none", "matching", false, taken],
    ["none", "matching", true, taken],
    ["none", "other", false, refused],
    ["none", "other", true, refused],
    ["none", "refusing", false, "250 2.1.5, 550 5.7.1"],
    ["none", "passing", false, "250 2.1.5, 451 4.3.5"],
    ["none", "passing", true, "250 2.1.5, 451 4.3.5"],
    ["matching", "none", false, "250 2.1.5, 451 4.3.5"],
    ["matching", "none", true, taken],
    ["matching", "matching", false, taken],
    ["matching", "matching", true, taken],
    ["matching", "other", false, "250 2.1.5, 451 4.3.5"],
    ["matching", "other", true, "250 2.1.5, 451 4.3.5"],
    ["other", "none", false, refused],
    ["other", "none", true, refused],
    ["other", "matching", false, taken],
    ["other", "matching", true, taken],
    ["other", "other", false, refused],
    ["refusing", "none", false, "550 5.7.1"],
    ["refusing", "matching", true, "550 5.7.1"],
    ["passing", "none", false, refused],
    ["passing", "none", true, refused],
    ["passing", "matching", false, taken],
    ["passing", "other", true, refused],
  ])("%s, %s, %p: %s", async (rcpt, deliver, data, said) => {
    expect(await codes(appWith(rcpt, deliver, data, false))).toBe(said);
    // Middleware that passes has no opinion.
    expect(await codes(appWith(rcpt, deliver, data, true))).toBe(said);
    expect(await codes(new Hono().route("/", appWith(rcpt, deliver, data, true)))).toBe(said);
  });

  test("an app with nothing but middleware, or HTTP routes, takes nobody's mail", async () => {
    const app = new Postern();
    app.use(async (_, next) => await next());
    app.get("/healthz", (c) => c.text("ok"));
    app.post("/webhook", (c) => c.text("ok"));
    app.all("*", async (_, next) => await next());
    expect(await codes(app)).toBe("550 5.1.1");
    expect(await codes(new Hono())).toBe("550 5.1.1");
  });
});

describe("three kinds of 404", () => {
  test("no route: the stage's default", async () => {
    const app = new Postern();
    app.use((_, next) => next());
    app.mail("other@y.test", (c) => c.body(null, 403));
    app.deliver("a@x.test", (c) => c.body(null, 204));
    expect(await codes(app)).toBe("250 2.1.5, 250 2.0.0");
  });

  test.each<[how: string, handler: Parameters<Postern["rcpt"]>[1]]>([
    ["a Response", () => new Response(null, { status: 404 })],
    ["c.notFound()", (c) => c.notFound()],
    ["c.body()", (c) => c.body(null, 404)],
    ["middleware that turns an answer into one", async (c, next) => {
      await next();
      c.res = c.body(null, 404);
    }],
  ])("a handler's own, by %s: 550 5.1.1", async (_, handler) => {
    const app = new Postern();
    app.rcpt("a@x.test", handler, (c) => c.body(null, 204));
    app.deliver("*", (c) => c.body(null, 204));
    expect(await codes(app)).toBe("550 5.1.1");
  });

  test("c.notFound() has an opinion at every stage, and where the app is mounted", async () => {
    const inner = new Postern();
    inner.mail((c) => c.notFound());
    for (const app of [inner, new Postern().route("/", inner), new Hono().route("/", inner)]) {
      expect((await send(app, { from: "s@y.test", to: "a@x.test", data: "" })).mail.raw).toStartWith("550 5.1.1");
    }
  });

  test("a custom notFound() speaks for HTTP, not for mail", async () => {
    const app = new Postern();
    app.notFound((c) => c.text("nowhere", 410));
    app.deliver("a@x.test", (c) => c.body(null, 204));
    expect(await codes(app)).toBe("250 2.1.5, 250 2.0.0");
    expect(await codes(app, "b@x.test")).toBe("550 5.1.1");
    expect((await app.request("/nowhere")).status).toBe(410);
  });
});
