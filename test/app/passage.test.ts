/** What an app may do to itself, and what its handlers may leave undone. */

import { describe, expect, test } from "bun:test";
import { type Context, Hono, type MiddlewareHandler, type Next } from "hono";
import { Postern } from "postern";
import { send, TestClient } from "postern/testing";

const mail = { from: "a@y.test", to: "b@x.test", data: "Subject: x\n\nhi\n" };

async function told(app: Postern | Hono): Promise<string | undefined> {
  return (await send(app, mail)).data?.raw;
}

describe("a handler that says nothing has not taken the message", () => {
  const silent: Record<string, (c: Context, next: Next) => unknown> = {
    "at once": () => undefined,
    "later": () => Promise.resolve(),
    "null": () => Promise.resolve(null),
  };
  const around: Record<string, MiddlewareHandler[]> = {
    "alone": [],
    "behind others": [async (_, next) => {
      await next();
    }],
  };
  for (const [way, handler] of Object.entries(silent)) {
    for (const [place, others] of Object.entries(around)) {
      test(`${way}, ${place}: the app's onError answers for it`, async () => {
        const app = new Postern();
        const errors: string[] = [];
        app.onError((error, c) => {
          errors.push(error.message);
          return c.text("not now", 450 as never);
        });
        for (const each of [...others, handler as MiddlewareHandler]) app.deliver("*", each);
        expect(await told(app)).toBe("450 4.2.0 not now");
        expect(errors).toHaveLength(1);
      });

      test(`${way}, ${place}: nor in an app that is mounted, and has an onError of its own`, async () => {
        const [postern, hono] = [new Postern(), new Hono()];
        for (const each of [...others, handler as MiddlewareHandler]) {
          postern.deliver("*", each);
          hono.post("/deliver/*", each);
        }
        for (const mounted of [postern as unknown as Hono, hono]) {
          mounted.onError((_, c) => c.text("not here", 450 as never));
          expect(await told(mounted)).toBe("450 4.2.0 not here");
          expect(await told(new Postern().route("/", mounted) as unknown as Hono)).toBe("450 4.2.0 not here");
        }
      });
    }
  }

  test("one that does not wait for next() has passed", async () => {
    const app = new Postern();
    const before = app.deliver("*", (_, next) => void next());
    expect(await told(before)).toBe("451 4.3.5 Nobody here takes mail for this recipient yet");
  });
});

test("an app is asked as it is now: its onError, its notFound and its fetch may be put there at any time", async () => {
  const app = new Postern();
  app.deliver("*", () => {
    throw new Error("x");
  });
  const client = new TestClient(app);
  await client.reply();
  await client.command("EHLO client.test");
  const deliver = async () => {
    await client.command("MAIL FROM:<a@y.test>");
    await client.command("RCPT TO:<b@x.test>");
    await client.command("DATA");
    return (await client.command("hi\r\n.")).raw;
  };
  expect(await deliver()).toBe("451 4.3.0 Temporary failure, try again later");
  app.onError((_, c) => c.text("later", 450 as never));
  expect(await deliver()).toBe("450 4.2.0 later");
  const { fetch } = app;
  app.fetch = async (...given) => new Response(`no: ${(await fetch(...given)).status}`, { status: 422 });
  expect(await deliver()).toBe("554 5.6.0 no: 450");
  await client.close();
});

test("an app that reads paths from more than the URL is given all of the request", async () => {
  const app = new Postern({
    getPath: (request, options) => {
      const { tenant } = options?.env as { tenant?: string } ?? {};
      const [, stage] = new URL(request.url).pathname.split("/");
      return `/${stage}/${tenant}/${request.method}/${request.headers.get("smtp-helo")}`;
    },
  });
  app.post("/rcpt/acme/POST/:helo", (c) => c.text(c.req.path));
  const { rcpt } = await send(app, mail, { env: { tenant: "acme" } });
  expect(rcpt[0]?.raw).toBe("250 2.1.5 /rcpt/acme/POST/client.test");
});
