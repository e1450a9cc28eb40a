/** app.auth(): what handlers see, and whose session it is afterwards. */

import { afterEach, describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { bearerAuth } from "hono/bearer-auth";
import { jwt, sign } from "hono/jwt";
import { external, type MailHandler, password, Postern, reply, scram } from "./postern.ts";
import { base64, type Circumstances, type Client, type MemoryServer, serve, tls } from "./wire.ts";

const servers: MemoryServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close({ grace: 0 })));
});

interface Talk {
  readonly client: Client;
  readonly server: MemoryServer;
}

async function connected(app: MailHandler, circumstances: Circumstances = {}): Promise<Talk> {
  const server = await serve(app);
  servers.push(server);
  return { server, client: await server.connect(circumstances) };
}

function plain(user: string, secret: string): string {
  return `AUTH PLAIN ${base64(`\0${user}\0${secret}`)}`;
}

function xoauth2(user: string, token: string): string {
  return `AUTH XOAUTH2 ${base64(`user=${user}\x01auth=Bearer ${token}\x01\x01`)}`;
}

/** The reply to a login, error challenges answered; and the user there is then. */
async function login(app: MailHandler, command: string): Promise<string> {
  const { client, server } = await connected(app);
  const [session] = server.sessions;
  let answer = await client.ask(command);
  if (answer.startsWith("334 ")) answer = await client.ask("");
  return `${answer.slice(0, 9)} ${session?.user ?? "nobody"}`;
}

describe("hono's middleware as it is", () => {
  test("basic-auth", async () => {
    const app = new Postern().auth(basicAuth({ username: "alice", password: "wonderland" }));
    expect(await login(app, plain("alice", "wonderland"))).toBe("235 2.7.0 alice");
    expect(await login(app, plain("alice", "looking-glass"))).toBe("535 5.7.8 nobody");
    expect(await login(app, plain("bob", "wonderland"))).toBe("535 5.7.8 nobody");
  });

  test("basic-auth with a function, and letters beyond ASCII", async () => {
    const app = new Postern().auth(
      basicAuth({ verifyUser: (user, secret) => user === "älice" && secret === "wönder:land" }),
    );
    expect(await login(app, plain("älice", "wönder:land"))).toBe("235 2.7.0 älice");
    expect(await login(app, plain("älice", "wonder:land"))).toBe("535 5.7.8 nobody");
  });

  test("basic-auth that names the user", async () => {
    const app = new Postern().auth(basicAuth({
      username: "alice",
      password: "wonderland",
      onAuthSuccess: (c) => c.set("user", "alice@example.com"),
    }));
    expect(await login(app, plain("alice", "wonderland"))).toBe("235 2.7.0 alice@example.com");
  });

  test("bearer-auth", async () => {
    const app = new Postern().auth(["OAUTHBEARER", "XOAUTH2"], bearerAuth({ token: "t0ken" }));
    expect(await login(app, xoauth2("alice", "t0ken"))).toBe("235 2.7.0 alice");
    expect(await login(app, xoauth2("alice", "stale"))).toBe("535 5.7.8 nobody");
    const bearer = base64("n,a=alice,\x01host=mx.test\x01port=587\x01auth=Bearer t0ken\x01\x01");
    expect(await login(app, `AUTH OAUTHBEARER ${bearer}`)).toBe("235 2.7.0 alice");
  });

  test("bearer-auth for a client that does not say who it is needs a handler that does", async () => {
    const anonymous = `AUTH OAUTHBEARER ${base64("n,,\x01auth=Bearer t0ken\x01\x01")}`;
    const nameless = new Postern().auth("OAUTHBEARER", bearerAuth({ token: "t0ken" }));
    expect(await login(nameless, anonymous)).toBe("535 5.7.8 nobody");
    const naming = new Postern().auth(
      "OAUTHBEARER",
      bearerAuth({
        verifyToken: (token, c) => {
          c.set("user", "alice");
          return token === "t0ken";
        },
      }),
    );
    expect(await login(naming, anonymous)).toBe("235 2.7.0 alice");
  });

  const secret = "it-is-very-secret";

  test("jwt: the user is the token's subject, whoever the client says it is", async () => {
    const app = new Postern().auth(["OAUTHBEARER", "XOAUTH2"], jwt({ secret, alg: "HS256" }));
    const token = await sign({ sub: "alice" }, secret);
    expect(await login(app, xoauth2("admin", token))).toBe("235 2.7.0 alice");
    expect(await login(app, xoauth2("alice", await sign({ sub: "alice" }, "another")))).toBe("535 5.7.8 nobody");
    expect(await login(app, xoauth2("alice", await sign({ sub: "alice", exp: 1 }, secret)))).toBe("535 5.7.8 nobody");
  });

  test("jwt: a token without a subject is nobody's, unless a handler knows whose", async () => {
    const token = await sign({ email: "alice@example.com" }, secret);
    const nameless = new Postern().auth("XOAUTH2", jwt({ secret, alg: "HS256" }));
    expect(await login(nameless, xoauth2("admin", token))).toBe("454 4.7.0 nobody");
    const naming = new Postern().auth("XOAUTH2", jwt({ secret, alg: "HS256" }), (c) => {
      c.set("user", (c.get("jwtPayload" as never) as { email: string }).email);
      return c.body(null, 204);
    });
    expect(await login(naming, xoauth2("admin", token))).toBe("235 2.7.0 alice@example.com");
  });
});

describe("what a handler sees", () => {
  test("the Authorization header, the path, and nothing of it at other stages", async () => {
    const seen: (string | undefined)[] = [];
    const app = new Postern().auth(["PLAIN", "XOAUTH2"], (c) => {
      seen.push(c.req.path, c.req.method, c.req.header("authorization"), c.req.header("smtp-remote-address"));
      return c.body(null, 204);
    });
    app.mail((c) => {
      seen.push(c.req.header("authorization"), c.req.header("smtp-user"));
      return c.body(null, 204);
    });
    const { client } = await connected(app);
    await client.ask(plain("alice", "wonderland"));
    await client.ask("MAIL FROM:<a@x.test>");
    expect(seen).toEqual([
      "/auth/PLAIN",
      "POST",
      `Basic ${base64("alice:wonderland")}`,
      "192.0.2.1",
      undefined,
      "alice",
    ]);
    seen.length = 0;
    await login(app, xoauth2("alice", "t0ken"));
    expect(seen).toEqual(["/auth/XOAUTH2", "POST", "Bearer t0ken", "192.0.2.1"]);
  });

  test("the exact credentials, of which a user name with a colon has no header", async () => {
    const seen: unknown[] = [];
    const app = new Postern().auth("PLAIN", (c, next) => {
      seen.push(c.var.credentials, c.req.header("authorization"));
      return next();
    }, basicAuth({ username: "a", password: "b:c" }));
    expect(await login(app, plain("a:b", "c"))).toBe("535 5.7.8 nobody");
    const credentials = {
      type: "password",
      mechanism: "PLAIN",
      user: "a:b",
      password: "c",
      authorizationId: undefined,
    };
    expect(seen).toEqual([credentials, undefined]);
  });

  test("password() has user, password and address, colons or not", async () => {
    const seen: unknown[] = [];
    const app = new Postern().auth(password((...[user, secret, address]) => {
      seen.push(user, secret, address);
      return true;
    }));
    expect(await login(app, plain("a:b", " c ²"))).toBe("235 2.7.0 a:b");
    expect(seen).toEqual(["a:b", " c ²", "192.0.2.1"]);
  });

  test("external() has the certificate, and whom the client wants to be", async () => {
    const peerCertificate = { subject: "CN=scanner", altNames: [], fingerprint: "00ff", verified: true };
    const app = new Postern().auth(external((certificate, actAs) => `${certificate.fingerprint} for ${actAs}`));
    const { client, server } = await connected(app, { tls: { ...tls, peerCertificate } });
    const [session] = server.sessions;
    expect(await client.ask(`AUTH EXTERNAL ${base64("alice")}`)).toStartWith("235 ");
    expect(session?.user).toBe("00ff for alice");
    expect(session?.protocol).toBe("ESMTPSA");
  });

  test("several handlers, each of which may refuse after the proof", async () => {
    const order: string[] = [];
    const app = new Postern().auth(
      "PLAIN",
      (_, next) => {
        order.push("first");
        return next();
      },
      password((user) => user !== "mallory"),
      (c, next) => {
        order.push("last");
        return c.var.credentials.user === "locked" ? Promise.resolve(reply(535, "5.7.1", "Account locked")) : next();
      },
    );
    expect(await login(app, plain("alice", "x"))).toBe("235 2.7.0 alice");
    expect(await login(app, plain("mallory", "x"))).toBe("535 5.7.8 nobody");
    expect(await login(app, plain("locked", "x"))).toBe("535 5.7.1 nobody");
    expect(order).toEqual(["first", "last", "first", "first", "last"]);
  });

  test("the handler's own words", async () => {
    const app = new Postern().auth("PLAIN", (c) => c.text("Good morning, Alice"));
    const { client } = await connected(app);
    expect(await client.ask(plain("alice", "x"))).toBe("235 2.7.0 Good morning, Alice");
    const refusing = await connected(new Postern().auth("PLAIN", (c) => c.text("Use an app password", 401)));
    expect(await refusing.client.ask(plain("alice", "x"))).toBe("535 5.7.8 Use an app password");
  });
});

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

describe("afterwards", () => {
  test("an app mounted in an app brings its mechanisms", async () => {
    const inner = new Postern().auth(password((user) => user === "alice"));
    const app = new Postern();
    app.route("/", inner as unknown as Hono);
    expect(await login(app, plain("alice", "x"))).toBe("235 2.7.0 alice");
  });

  test("the user is there at every later stage, and in Received", async () => {
    const seen: unknown[] = [];
    const app = new Postern().auth(password(() => true));
    app.use("*", (c, next) => {
      seen.push(`${c.req.path.split("/")[1]} ${c.var.user} ${c.get("session" as never)["user"]}`);
      return next();
    });
    app.deliver("*", (c) => {
      seen.push(c.var.mail.headers.get("received")?.match(/with (\w+)/)?.[1]);
      return c.body(null, 204);
    });
    const { client } = await connected(app);
    await client.ask(plain("alice", "x"));
    for (const line of ["MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "DATA", "Subject: x\r\n\r\nx\r\n.", "QUIT"]) {
      await client.ask(line);
    }
    expect(seen).toEqual([
      "connect undefined undefined",
      "helo undefined undefined",
      "auth undefined undefined",
      "mail alice alice",
      "rcpt alice alice",
      "data alice alice",
      "deliver alice alice",
      "ESMTPA",
      "disconnect alice alice",
    ]);
  });

  test("an authenticated user may send anywhere, anybody else only to example.com", async () => {
    const app = new Postern().auth(password(() => true));
    app.rcpt("*@example.com", (c) => c.body(null, 204));
    app.rcpt("*", (c) => c.var.user ? c.body(null, 204) : reply(550, "5.7.1", "Log in to send there"));
    app.deliver("*", (c) => c.body(null, 204));
    async function replies(...before: string[]): Promise<string[]> {
      const { client } = await connected(app);
      for (const line of [...before, "MAIL FROM:<a@x.test>"]) await client.ask(line);
      const home = await client.ask("RCPT TO:<b@example.com>");
      return [home, await client.ask("RCPT TO:<c@elsewhere.test>")];
    }
    expect(await replies()).toEqual(["250 2.1.5 Ok", "550 5.7.1 Log in to send there"]);
    expect(await replies(plain("alice", "x"))).toEqual(["250 2.1.5 Ok", "250 2.1.5 Ok"]);
  });

  const submitters: readonly [string, string, unknown][] = [
    ["AUTH=<>", "250 2.1.0", null],
    ["AUTH=e+3Dmc2@example.com", "250 2.1.0", "e=mc2@example.com"],
    ["AUTH=+3C+3E", "250 2.1.0", null],
    ["AUTH=alice", "501 5.5.4", undefined],
    ["AUTH=a+0A@x.test", "501 5.5.4", undefined],
    ["AUTH", "501 5.5.4", undefined],
    [`AUTH=${"a".repeat(60)}@${"d".repeat(60)}.${"d".repeat(60)}.example.com`, "250 2.1.0", expect.any(String)],
  ];
  test.each(submitters)("MAIL with %s is %s (RFC 4954 section 5)", async (parameter, expected, submitter) => {
    let seen: unknown;
    const app = new Postern().auth(password(() => true));
    app.mail((c) => {
      seen = c.var.envelope.auth;
      return c.body(null, 204);
    });
    const { client } = await connected(app);
    expect((await client.ask(`MAIL FROM:<a@x.test> ${parameter}`)).slice(0, 9)).toBe(expected);
    expect(seen).toEqual(submitter);
  });
});
