/** What stands at the end of the chain, and second thoughts on the way out: only the first is nobody's answer. */

import { describe, expect, test } from "bun:test";
import { HTTPException } from "hono/http-exception";
import type { MiddlewareHandler } from "hono";
import { password, Postern } from "postern";
import { send, TestClient } from "postern/testing";

const mail = { from: "a@y.test", to: "b@x.test", data: "Subject: x\n\nhi\n" };

async function login(app: Postern, secret = "right"): Promise<number> {
  const client = new TestClient(app, { allowInsecureAuth: true });
  await client.reply();
  await client.command("EHLO c.test");
  const { code } = await client.command(`AUTH PLAIN ${btoa(`\0alice\0${secret}`)}`);
  await client.close();
  return code;
}

const checking = (): MiddlewareHandler => password((_, secret) => secret === "right");
const notFound = (): Response => new Response(null, { status: 404 });

describe("at auth", () => {
  test("a 404 on the way out lets nobody in", async () => {
    const throwing = new Postern();
    throwing.auth(checking(), async (_, next) => {
      await next();
      throw new HTTPException(404);
    });
    expect(await login(throwing)).toBe(535);
    const failing = new Postern();
    failing.auth(checking(), async (_, next) => {
      await next();
      throw new Error("the database is down");
    });
    failing.onError((_, c) => c.text("gone", 404));
    expect(await login(failing)).toBe(535);
    const changing = new Postern();
    changing.auth(async (c, next) => {
      const { credentials } = c.var;
      const isRight = credentials.type === "password" && credentials.password === "right";
      await next();
      if (!isRight) c.res = notFound();
    });
    expect([await login(changing), await login(changing, "wrong")]).toEqual([235, 535]);
  });

  test("headers that are set on the way out change nothing", async () => {
    const app = new Postern();
    app.use(async (c, next) => {
      await next();
      c.header("x-time", "1");
      c.res.headers.set("x-more", "2");
    });
    app.auth(checking());
    expect([await login(app), await login(app, "wrong")]).toEqual([235, 535]);
  });

  test("a look on the way out, or behind the app, is none", async () => {
    const outer = new Postern();
    outer.use(async (c, next) => {
      await next();
      c.req.header();
    });
    outer.auth((_, next) => next());
    const wrapped = new Postern();
    wrapped.auth((_, next) => next());
    const { fetch } = wrapped;
    wrapped.fetch = async (request, ...rest) => {
      const response = await fetch(request, ...rest);
      void [...request.headers];
      return response;
    };
    for (const app of [outer, wrapped]) expect(await login(app)).toBe(454);
  });
});

describe("at rcpt", () => {
  const taking = () => new Postern().deliver("*", (c) => c.body(null, 204));

  test.each<[string, MiddlewareHandler, number | undefined]>([
    ["a thrown 404", async (_, next) => {
      await next();
      throw new HTTPException(404);
    }, 550],
    ["a response of another kind, which middleware for all paths may make of it,", async (c, next) => {
      await next();
      c.res = new Response("a page", { status: 200 });
    }, 250],
    ["a header", async (c, next) => {
      await next();
      c.header("x-time", "1");
    }, 250],
  ])("%s on the way out", async (_, handler, code) => {
    expect((await send(taking().rcpt("*", handler as never), mail)).rcpt[0]?.code).toBe(code);
  });

  test("an error on the way out is none of success's kinds", async () => {
    const app = taking().rcpt("*", async (_, next) => {
      await next();
      throw new Error("too late");
    });
    app.onError((_, c) => c.text("gone", 404));
    expect((await send(app, mail)).rcpt[0]?.code).toBe(550);
  });
});
