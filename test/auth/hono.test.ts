/** Hono's own middleware checks mail clients. */

import { describe, expect, test } from "bun:test";
import { basicAuth } from "hono/basic-auth";
import { bearerAuth } from "hono/bearer-auth";
import { jwt, sign } from "hono/jwt";
import { login, plain, xoauth2 } from "./login.ts";
import { Postern } from "./postern.ts";
import { base64 } from "./wire.ts";

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
