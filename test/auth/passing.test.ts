/** Middleware that passes whatever it has nothing against lets nobody in. */

import { describe, expect, test } from "bun:test";
import type { Context, MiddlewareHandler } from "hono";
import { basicAuth } from "hono/basic-auth";
import { every, some } from "hono/combine";
import { logger } from "hono/logger";
import { requestId } from "hono/request-id";
import { timing } from "hono/timing";
import { authenticate } from "postern/authenticate";
import { dnsbl } from "postern/dnsbl";
import { earlyTalker } from "postern/early-talker";
import { fcrdns } from "postern/fcrdns";
import { greylist } from "postern/greylist";
import { mx } from "postern/mx";
import { rateLimit } from "postern/rate-limit";
import { requireAuth } from "postern/require-auth";
import { requireTls } from "postern/require-tls";
import { senderMatchesUser } from "postern/sender-matches-user";
import { spf } from "postern/spf";
import { tarpit } from "postern/tarpit";
import { connected, login, plain, xoauth2 } from "./login.ts";
import { external, password, Postern, scram, stageOf } from "./postern.ts";
import { tls } from "./wire.ts";

const policies: Record<string, () => MiddlewareHandler> = {
  authenticate: () => authenticate(),
  dnsbl: () => dnsbl({ zones: ["bl.example.org"], stage: "mail" }),
  earlyTalker: () => earlyTalker({ wait: 1 }),
  fcrdns: () => fcrdns({ stage: "mail" }),
  greylist: () => greylist(),
  mx: () => mx(),
  rateLimit: () => rateLimit({ stage: "auth", limit: 100 }),
  requireAuth: () => requireAuth(),
  requireTls: () => requireTls(),
  senderMatchesUser: () => senderMatchesUser(),
  spf: () => spf(),
  tarpit: () => tarpit({ stages: ["auth"], milliseconds: 1 }),
};

describe("middleware that checks no credentials", () => {
  for (const [name, made] of Object.entries(policies)) {
    test(`${name}() alone is refused, and stands before who checks`, async () => {
      const refusal = `Cannot authenticate with ${name}(): it checks no credentials; put it in app.use()`;
      expect(() => new Postern().auth(made())).toThrow(new TypeError(refusal));
      expect(() => new Postern().auth("PLAIN", made())).toThrow(TypeError);
      expect(() => new Postern().auth(made(), made())).toThrow(`${name}() and ${name}(): they check`);

      const app = new Postern().auth(made(), password((_, secret) => secret === "wonderland"));
      const circumstances = name === "requireTls" ? { tls } : {};
      const { client } = await connected(app, circumstances);
      expect(await client.ask(plain("alice", "looking-glass"))).toStartWith("535 5.7.8");
      expect(await client.ask(plain("alice", "wonderland"))).toStartWith("235 2.7.0");
    });
  }

  test("what a policy looks at, it does not check", async () => {
    const limit = rateLimit({
      stage: "auth",
      limit: 100,
      by: (c) => `${c.var.credentials.user} ${c.var.credentials.password} ${c.req.header("authorization")}`,
    });
    const policyThenNobody = new Postern().auth(limit, (_, next) => next());
    expect(await login(policyThenNobody, plain("alice", "x"))).toBe("454 4.7.0 nobody");
    const policyThenBasic = new Postern().auth(limit, basicAuth({ username: "alice", password: "x" }));
    expect(await login(policyThenBasic, plain("alice", "x"))).toBe("235 2.7.0 alice");
    const basicThenPolicy = new Postern().auth(basicAuth({ username: "alice", password: "x" }), limit);
    expect(await login(basicThenPolicy, plain("alice", "x"))).toBe("235 2.7.0 alice");
  });
});

describe("the end of the chain, and nobody looked", () => {
  const passing: Record<string, MiddlewareHandler> = {
    "a function": (_, next) => next(),
    "an async function": async (_, next) => {
      await next();
    },
    "one that looks at the user's name": async (c, next) => {
      expect(c.var.credentials.user).toBe("alice");
      expect(c.req.header("smtp-remote-address")).toBe("192.0.2.1");
      await next();
    },
    "logger()": logger(() => {}),
    "timing()": timing(),
    "requestId()": requestId(),
    "every(rateLimit())": every(rateLimit({ stage: "auth", limit: 100 })),
    "some(rateLimit())": some(rateLimit({ stage: "auth", limit: 100 })),
  };
  for (const [name, handler] of Object.entries(passing)) {
    test(name, async () => {
      expect(await login(new Postern().auth(handler), plain("alice", "x"))).toBe("454 4.7.0 nobody");
      const app = new Postern().auth(handler, password(() => true), handler);
      expect(await login(app, plain("alice", "x"))).toBe("235 2.7.0 alice");
    });
  }

  test("tokens, proofs and certificates as well", async () => {
    const pass: MiddlewareHandler = (_, next) => next();
    const app = new Postern().auth(["XOAUTH2", "EXTERNAL", "SCRAM-SHA-256"], pass);
    expect(await login(app, xoauth2("alice", "t0ken"))).toBe("454 4.7.0 nobody");
    const peerCertificate = { subject: "CN=scanner", altNames: [], fingerprint: "00ff", verified: true };
    const { client } = await connected(app, { tls: { ...tls, peerCertificate } });
    expect(await client.ask("AUTH EXTERNAL =")).toStartWith("454 4.7.0");
    expect(await client.ask(`AUTH SCRAM-SHA-256 ${btoa("n,,n=alice,r=nonce")}`)).toStartWith("454 4.7.0");
  });

  test("what stands in app.use() is not what app.auth() asks", async () => {
    const app = new Postern();
    app.use(async (c, next) => {
      if (stageOf(c) === "auth") expect(c.req.header("authorization")).toStartWith("Basic ");
      await next();
    });
    app.auth((_, next) => next());
    expect(await login(app, plain("alice", "x"))).toBe("454 4.7.0 nobody");
  });
});

describe("handlers that look, and pass", () => {
  const looking: Record<string, (c: Context) => boolean> = {
    "at the exact password": (c) => c.var.credentials.password === "x",
    "at the header": (c) => c.req.header("Authorization") !== undefined,
    "at all headers": (c) => "authorization" in c.req.header(),
    "at the entries": (c) => [...c.req.raw.headers].length > 0,
    "at a copy of the request": (c) => new Request(c.req.raw.clone()).headers.has("authorization"),
  };
  for (const [name, isGood] of Object.entries(looking)) {
    test(name, async () => {
      const app = new Postern().auth(async (c, next) => {
        if (!isGood(c)) return c.body(null, 401);
        await next();
      });
      expect(await login(app, plain("alice", "x"))).toBe("235 2.7.0 alice");
    });
  }

  test("a second app.auth() for the same mechanism takes nothing back", async () => {
    const app = new Postern().auth(password(() => true)).auth("PLAIN", (_, next) => next());
    expect(await login(app, plain("alice", "x"))).toBe("235 2.7.0 alice");
  });

  test("a certificate can be told from the session", async () => {
    const app = new Postern().auth("EXTERNAL", (c, next) => {
      c.set("user", c.var.session.tls?.peerCertificate?.fingerprint);
      return next();
    });
    const peerCertificate = { subject: "CN=scanner", altNames: [], fingerprint: "00ff", verified: true };
    const { client, server } = await connected(app, { tls: { ...tls, peerCertificate } });
    const [session] = server.sessions;
    expect(await client.ask("AUTH EXTERNAL =")).toStartWith("235 2.7.0");
    expect(session?.user).toBe("00ff");
  });

  test("scram() proves, external() maps", () => {
    expect(() => new Postern().auth(tarpit(), scram(() => undefined))).not.toThrow();
    expect(() => new Postern().auth(tarpit(), external(() => "x"))).not.toThrow();
  });
});
