import { describe, expect, test } from "bun:test";
import { Hono, type MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { type MailEnv, type MailHandler, Postern, reply, SmtpError } from "postern";
import { send } from "postern/testing";

/** The reply at the end of a message to one recipient. */
async function delivered(app: MailHandler, to = "a@x.test"): Promise<string> {
  const { rcpt, data } = await send(app, { from: "s@y.test", to, data: "hi" });
  return (data ?? rcpt[0])!.raw;
}

function accepting(): Postern {
  return new Postern().deliver("*", (c) => c.body(null, 204));
}

describe("middleware", () => {
  test.each<[does: string, middleware: MiddlewareHandler, said: string]>([
    ["passes", (_, next) => next(), "250 2.0.0 Ok: queued"],
    ["answers", () => Promise.resolve(reply(450, "4.7.1", "Greylisted")), "450 4.7.1 Greylisted"],
    ["passes, and puts an answer in place", async (c, next) => {
      await next();
      c.res = reply(554, "5.7.1", "On second thoughts");
    }, "554 5.7.1 On second thoughts"],
    ["throws", () => Promise.reject(new Error("x")), "451 4.3.0"],
    ["throws afterwards", async (_, next) => {
      await next();
      throw new SmtpError(550, "5.7.1", "No");
    }, "550 5.7.1 No"],
    ["throws a string", () => Promise.reject("x"), "451 4.3.0"],
    ["throws nothing", () => Promise.reject(undefined), "451 4.3.0"],
    ["calls next twice", async (_, next) => {
      await next();
      await next();
    }, "451 4.3.0"],
    ["neither passes nor answers", () => Promise.resolve(), "451 4.3.0"],
    ["answers with a number", () => Promise.resolve(250 as never), "451 4.3.0"],
    ["answers with an object", () => Promise.resolve({ status: 250 } as never), "451 4.3.0"],
  ])("that %s", async (_, middleware, said) => {
    const app = new Postern();
    app.use("/deliver/*", middleware);
    app.deliver("*", (c) => c.body(null, 204));
    expect(await delivered(app)).toStartWith(said);
  });

  test("sees every stage on *, and its own alone on a path", async () => {
    const app = new Postern();
    const all: string[] = [];
    const mine: string[] = [];
    app.use(async (c, next) => {
      all.push(c.req.path);
      await next();
    });
    app.use("/mail/*", async (c, next) => {
      mine.push(c.req.path);
      await next();
    });
    app.deliver("*", (c) => c.body(null, 204));
    await send(app, { from: "s@y.test", to: "a@x.test", data: "" });
    await send(app, { from: "", to: "a@x.test", data: "" });
    const each = (mail: string) => [
      "/connect",
      "/helo/client.test",
      mail,
      "/rcpt/x.test/a",
      "/data",
      "/deliver/x.test/a",
      "/disconnect",
    ];
    expect(all).toEqual([...each("/mail/y.test/s"), ...each("/mail")]);
    expect(mine).toEqual(["/mail/y.test/s", "/mail"]);
  });
});

describe("errors", () => {
  test.each<[thrown: string, error: unknown, said: string]>([
    ["SmtpError", new SmtpError(552, "5.2.2", "Full"), "552 5.2.2 Full"],
    ["SmtpError with other letters", new SmtpError(550, "", "Anschluß\n250 ok"), "550-Anschlu?"],
    ["HTTPException", new HTTPException(403, { message: "Not you" }), "550 5.7.1 Not you"],
    ["HTTPException with a Response", new HTTPException(400, { res: reply(450, "4.1.0", "x") }), "450 4.1.0 x"],
    ["Error", new Error("secret"), "451 4.3.0 Temporary failure"],
    ["a TypeError", new TypeError("secret"), "451 4.3.0 Temporary failure"],
    ["null", null, "451 4.3.0 Temporary failure"],
  ])("%s thrown by a handler", async (_, error, said) => {
    const app = new Postern();
    app.deliver("*", () => {
      throw error;
    });
    const heard = await delivered(app);
    expect(heard).toStartWith(said);
    expect(heard).not.toContain("secret");
  });

  test("onError() decides, and may throw itself", async () => {
    const app = new Postern();
    app.onError((error) => {
      if (error.message === "again") throw error;
      return reply(454, "4.7.0", error.message);
    });
    app.deliver("a@x.test", () => Promise.reject(new Error("mine")));
    app.deliver("*", () => Promise.reject(new Error("again")));
    expect(await delivered(app)).toBe("454 4.7.0 mine");
    expect(await delivered(app, "b@x.test")).toStartWith("451 4.3.0");
  });

  test("SmtpError at each stage", async () => {
    const app = new Postern();
    let stage = "";
    const fail = (c: { req: { path: string }; body(_: null, status: 204): Response }) => {
      if (c.req.path.split("/")[1] === stage) throw new SmtpError(455, "4.0.9", stage);
      return c.body(null, 204);
    };
    app.connect(fail).helo(fail).mail(fail).rcpt("*", fail).data(fail).deliver("*", fail).disconnect(fail);
    for (stage of ["connect", "helo", "mail", "rcpt", "data", "deliver"]) {
      const said = await send(app, { from: "s@y.test", to: "a@x.test", data: "" });
      const replies = { ...said, connect: said.greeting, helo: said.ehlo, rcpt: said.rcpt[0], deliver: said.data };
      expect(replies[stage as "helo"].raw).toBe(`455 4.0.9 ${stage}`);
    }
    stage = "disconnect";
    expect((await send(app, { from: "s@y.test", to: "a@x.test", data: "" })).data?.code).toBe(250);
  });
});

describe("apps in apps", () => {
  test("a Postern under / keeps its stages, its parameters and its variables", async () => {
    const inner = new Postern();
    inner.deliver(
      "reply+:token@:tenant.x.test",
      (c) => c.text(`${c.req.param("token")} ${c.req.param("tenant")} ${c.var.recipient.tag} ${c.var.mail.size > 0}`),
    );
    for (
      const app of [
        new Postern().route("/", inner),
        new Hono().route("/", inner),
        new Postern().route("/", new Postern().route("/", inner)),
      ]
    ) {
      expect(await delivered(app, "reply+t@acme.x.test")).toBe("250 2.0.0 t acme t true");
      expect(await delivered(app, "other@acme.x.test")).toStartWith("550 5.1.1");
    }
  });

  test("the first app that answers has answered, the others are asked in turn", async () => {
    const app = new Postern();
    app.route("/", new Postern().deliver("a@x.test", () => reply(250, "2.0.0", "first")));
    app.route("/", new Postern().deliver("*@x.test", () => reply(250, "2.0.0", "second")));
    expect(await delivered(app)).toBe("250 2.0.0 first");
    expect(await delivered(app, "b@x.test")).toBe("250 2.0.0 second");
    expect(await delivered(app, "b@y.test")).toStartWith("550 5.1.1");
  });

  test("under a prefix there are no stages, and no way in by HTTP", async () => {
    const inner = accepting();
    inner.get("/healthz", (c) => c.text("ok"));
    const app = new Postern().route("/inner", inner);
    expect(await delivered(app)).toStartWith("550 5.1.1");
    expect((await app.request("/inner/deliver/x.test/a", { method: "POST" })).status).toBe(404);
    expect(await (await app.request("/inner/healthz")).text()).toBe("ok");
  });

  test("an app with an error handler of its own uses it, one without uses the outer app's", async () => {
    const failing = () => new Postern().deliver("*", () => Promise.reject(new Error("x")));
    const own = failing();
    own.onError(() => reply(455, "4.0.1", "inner"));
    const outer = (inner: Postern) => {
      const app = new Postern();
      app.onError(() => reply(455, "4.0.2", "outer"));
      return app.route("/", inner);
    };
    expect(await delivered(outer(own))).toBe("455 4.0.1 inner");
    expect(await delivered(outer(failing()))).toBe("455 4.0.2 outer");
    expect(await delivered(new Postern().route("/", failing()))).toStartWith("451 4.3.0");
    expect(await delivered(new Postern().route("/", own))).toBe("455 4.0.1 inner");
  });

  test("a plain Hono app, served alone or mounted, with basePath", async () => {
    const plain = new Hono<MailEnv>();
    plain.basePath("/deliver").post("/x.test/:local", (c) => c.text(`${c.req.param("local")} ${c.var.mail.size > 0}`));
    for (const app of [plain, new Postern().route("/", plain as unknown as Hono)]) {
      expect(await delivered(app)).toBe("250 2.0.0 a true");
      expect(await delivered(app, "a@y.test")).toStartWith("550 5.1.1");
    }
    const stage = new Postern();
    stage.basePath("/deliver").post("/x.test/a", (c) => c.body(null, 204));
    expect(await delivered(stage)).toStartWith("250");
  });

  test("c.env has the bindings, and each dispatch its own", async () => {
    const seen: unknown[] = [];
    const app = new Postern<{ Bindings: { KEY: string; mark?: boolean } }>();
    app.rcpt("*", (c) => {
      seen.push({ ...c.env });
      c.env.mark = true;
      return c.body(null, 204);
    });
    app.deliver("*", (c) => c.text(`${c.env.KEY} ${c.env.mark}`));
    const env = { KEY: "k" };
    const { data } = await send(app, { from: "", to: "a@x.test", data: "" }, { env });
    expect(data?.raw).toBe("250 2.0.0 k undefined");
    expect(env).toEqual({ KEY: "k" });
  });
});
