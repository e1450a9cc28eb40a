import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { Postern } from "postern";

/** An app that takes everything at every stage, and so would answer anybody whom it let in. */
function open(): { app: Postern; asked: string[] } {
  const asked: string[] = [];
  const app = new Postern();
  const take = (c: { req: { path: string }; body(_: null, status: 204): Response }) => {
    asked.push(c.req.path);
    return c.body(null, 204);
  };
  app.connect(take).helo(take).mail(take).rcpt("*", take).data(take).deliver("support@example.com", take);
  app.deliver(":user@:domain", take).deliver("reply+:token@x.test", take).deliver("*", take);
  app.command("XFOO", take).disconnect(take);
  app.get("/healthz", (c) => c.text("healthy"));
  app.post("/webhook", (c) => c.text("taken"));
  return { app, asked };
}

const paths = [
  "/connect",
  "/helo/c.test",
  "/mail",
  "/mail/example.com/a",
  "/rcpt/example.com/support",
  "/data",
  "/deliver/example.com/support",
  "/deliver/example.com/a",
  "/deliver/example.org/a",
  "/deliver/x.test/reply%2Bx",
  "/command/XFOO",
  "/disconnect",
  "/auth/plain",
  // Other spellings
  "/deliver",
  "/deliver/",
  "/deliver/example.com/support/",
  "/deliver//example.com/support",
  "//deliver/example.com/support",
  "/./deliver/example.com/support",
  "/x/../deliver/example.com/support",
  "/%64eliver/example.com/support",
  "/deliver%2Fexample.com%2Fsupport",
  "/%2Fdeliver/example.com/support",
  "/%2564eliver/example.com/support",
  "/deliver/example.com/%73upport",
  "/deliver/example%2Ecom/support",
  "/deliver\\example.com\\support",
  "/DELIVER/example.com/support",
  "/deliver/example.com/support?x=/healthz",
  "/deliver/example.com/support#/healthz",
  "/deliver/example.com/%zz",
  "/data/",
  "/data?x",
  "/data%20",
  "/data%00",
];

describe("HTTP stays outside of the stages", () => {
  for (const method of ["POST", "GET", "PUT", "HEAD", "OPTIONS", "DELETE"]) {
    test(`${method}: 404 for every spelling of their paths`, async () => {
      const { app, asked } = open();
      const mounted = new Hono().route("/mounted", open().app);
      // Routes that a user wrote on the stage paths by hand are closed as well.
      app.on(method, ["/deliver/example.org/:local", "/auth/plain", "/data"], (c) => c.body(null, 204));
      const outer = new Postern().route("/", app);
      const plain = new Hono().route("/", app);
      const headers = { "smtp-rcpt-to": "a@x.test", "content-type": "message/rfc822" };
      for (const path of paths) {
        for (const [door, prefix] of [[app, ""], [outer, ""], [plain, ""], [mounted, "/mounted"]] as const) {
          const response = await (door as Hono).request(prefix + path, { method, headers });
          expect([prefix + path, response.status]).toEqual([prefix + path, 404]);
        }
      }
      expect(asked).toEqual([]);
    });
  }

  test("no binding, header or symbol by another name opens them", async () => {
    const { app, asked } = open();
    const envs = [
      {},
      { call: {}, "postern.call": {}, "Symbol(postern.call)": {} },
      { [Symbol("postern.call")]: {} },
      JSON.parse('{"__proto__": {"postern.call": {}}}'),
    ];
    for (const env of envs) {
      const response = await app.request("/deliver/example.com/support", { method: "POST" }, env);
      expect(response.status).toBe(404);
    }
    expect((await app.fetch(new Request("http://postern/data", { method: "POST" }))).status).toBe(404);
    expect(asked).toEqual([]);
  });

  test("ordinary routes work as ever", async () => {
    const { app } = open();
    const mounted = new Hono().route("/mounted", app);
    for (const [door, prefix] of [[app, ""], [new Postern().route("/", app), ""], [mounted, "/mounted"]] as const) {
      expect(await (await (door as Hono).request(`${prefix}/healthz`)).text()).toBe("healthy");
      expect(await (await (door as Hono).request(`${prefix}/webhook`, { method: "POST" })).text()).toBe("taken");
      expect((await (door as Hono).request(`${prefix}/nowhere`)).status).toBe(404);
    }
  });

  test("HTTP's errors are HTTP's", async () => {
    const app = new Postern();
    app.get("/throws", () => {
      throw new Error("x");
    });
    expect((await app.request("/throws")).status).toBe(500);
    app.onError((error, c) => c.text(error.message, 503));
    expect((await app.request("/throws")).status).toBe(503);
  });
});
