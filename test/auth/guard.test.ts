/** Nobody is let in by mistake. */

import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { connected, login, plain } from "./login.ts";
import { password, Postern, scram } from "./postern.ts";
import { base64 } from "./wire.ts";

describe("nobody is let in by mistake", () => {
  test("middleware on * that passes is no route", async () => {
    const app = new Hono();
    app.use("*", (_, next) => next());
    app.use("/auth/*", (_, next) => next());
    app.post(
      "/auth/PLAIN",
      (c, next) => c.req.header("x-never") === undefined ? next() : Promise.resolve(c.body(null, 204)),
    );
    expect(await login(app, plain("alice", "x"))).toBe("454 4.7.0 nobody");
  });

  test("a middleware's second thoughts count", async () => {
    const app = new Postern();
    app.use("*", async (c, next) => {
      await next();
      c.res = new Response(null, { status: 401 });
    });
    app.auth(password(() => true));
    expect(await login(app, plain("alice", "x"))).toBe("535 5.7.8 nobody");
  });

  test("a session's fact called user is no user", async () => {
    const app = new Postern();
    app.connect((c) => {
      c.var.session.locals["user"] = "root";
      return c.body(null, 204);
    });
    const seen: unknown[] = [];
    app.auth(password(() => true));
    app.mail((c) => {
      seen.push(c.var.user);
      return c.body(null, 204);
    });
    expect(await login(app, plain("alice", "x"))).toBe("235 2.7.0 alice");
    const { client } = await connected(app);
    await client.ask("MAIL FROM:<a@x.test>");
    expect(seen).toEqual([undefined]);
  });

  test("HTTP cannot ask", async () => {
    const app = new Postern().auth(password(() => true));
    const headers = { authorization: `Basic ${base64("alice:x")}` };
    expect((await app.request("/auth/PLAIN", { method: "POST", headers })).status).toBe(404);
  });

  test("a user name from a handler that refused is not kept", async () => {
    const app = new Postern().auth("PLAIN", (c) => {
      c.set("user", "root");
      return c.body(null, 401);
    });
    expect(await login(app, plain("alice", "x"))).toBe("535 5.7.8 nobody");
  });

  test("a handler is not offered for a mechanism it cannot check", () => {
    expect(() => new Postern().auth("PLAIN", scram(() => undefined))).toThrow("SCRAM-SHA-256 only");
    expect(() => new Postern().auth(["SCRAM-SHA-256", "SCRAM-SHA-1"], scram(() => undefined))).toThrow("SCRAM-SHA-1");
    expect(() => new Postern().auth("CRAM-MD4" as never, (c) => c.body(null))).toThrow('"CRAM-MD4"');
    expect(() => new Postern().auth([], (c) => c.body(null))).toThrow("empty");
    expect(() => Reflect.apply(new Postern().auth, new Postern(), [])).toThrow("no handler");
  });

  test("a plain Hono route reached by the wrong credentials does not pass them on", async () => {
    const app = new Hono().post("/auth/:mechanism", scram(() => undefined), (c) => c.body(null, 204));
    expect(await login(app, plain("alice", "x"))).toBe("454 4.7.0 nobody");
  });
});
