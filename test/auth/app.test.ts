/** app.auth(): what handlers see. */

import { describe, expect, test } from "bun:test";
import { basicAuth } from "hono/basic-auth";
import { connected, login, plain, xoauth2 } from "./login.ts";
import { external, password, Postern, reply } from "./postern.ts";
import { base64, tls } from "./wire.ts";

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
