import { describe, expect, test } from "bun:test";
import { type Context, Hono } from "hono";
import { type DeliveryVariables, Postern } from "postern";
import { send, TestClient } from "postern/testing";

/** An app that calls back at every stage and lets everything pass. */
function observed(observe: (stage: string, c: Context) => void): Postern {
  const app = new Postern();
  app.use(async (c, next) => {
    observe(c.req.path.split("/")[1]!, c);
    await next();
  });
  return app.deliver("*", (c) => c.body(null, 204));
}

const two = { from: "s@y.test", to: ["a+t@x.test", "b@x.test"], data: "Subject: x\n\nhi" };

describe("context variables", () => {
  test("each stage has its own", async () => {
    const seen: Record<string, string[]> = {};
    const app = observed((stage, c) => seen[stage] = Object.keys(c.var).sort());
    app.command("XFOO", (c) => c.text("ok"));
    const client = new TestClient(app);
    for (const line of ["EHLO c.test", "XFOO", "QUIT"]) await client.reply().then(() => client.write(`${line}\r\n`));
    await client.close();
    await send(app, two);
    const transaction = ["envelope", "session"];
    const known: Record<string, string[]> = {
      connect: ["session"],
      helo: ["session"],
      mail: transaction,
      rcpt: [...transaction, "recipient"].sort(),
      data: [...transaction, "mail"].sort(),
      deliver: [...transaction, "mail", "recipient"].sort(),
      command: ["argument", "session", "verb"],
      disconnect: ["session"],
    };
    for (const stage in known) expect(seen[stage]).toEqual(expect.arrayContaining(known[stage]!));
    for (const stage in known) {
      for (const name of ["envelope", "recipient", "mail"]) {
        expect([stage, name, seen[stage]!.includes(name)]).toEqual([stage, name, known[stage]!.includes(name)]);
      }
    }
  });

  test("what they tell", async () => {
    const told: Record<string, unknown> = {};
    const app = observed((stage, c) => {
      const { session, envelope, recipient, mail } = c.var as Partial<DeliveryVariables>;
      const to = envelope?.to.map((each) => each.address);
      told[stage] = { helo: session?.helo, from: envelope?.from, to, recipient, size: mail !== undefined };
    });
    await send(app, { ...two, from: '"J D"@Y.test' });
    const from = { address: '"J D"@Y.test', local: "J D", domain: "Y.test" };
    const b = { address: "b@x.test", local: "b", domain: "x.test", user: "b" };
    const helo = "client.test";
    expect(told).toMatchObject({
      connect: { size: false },
      helo: { size: false },
      mail: { helo, from, to: [], size: false },
      rcpt: { helo, from, to: ["a+t@x.test"], recipient: b, size: false },
      data: { from, to: ["a+t@x.test", "b@x.test"], size: true },
      deliver: { from, to: ["a+t@x.test", "b@x.test"], recipient: b, size: true },
      disconnect: { helo },
    });
    expect(told.connect).toMatchObject({ helo: undefined });
  });

  test.each([
    ["a@x.test", { user: "a" }],
    ["a+t@x.test", { user: "a", tag: "t" }],
    ["a+t+u@x.test", { user: "a", tag: "t+u" }],
    ["a+@x.test", { user: "a", tag: "" }],
    ["+t@x.test", { user: "+t" }],
    ["A+T@x.test", { user: "A", tag: "T" }],
    ['"a b+c d"@x.test', { user: "a b", tag: "c d" }],
    ["Postmaster", { user: "Postmaster", domain: "" }],
  ])("user and tag of %j", async (address, expected) => {
    let seen: unknown;
    const app = new Postern().rcpt("*", (c) => {
      seen = { ...c.var.recipient };
      return c.body(null, 204);
    });
    await send(app, { from: "", to: address, data: "" });
    const { user, tag, domain } = seen as Record<string, string>;
    expect({ user, tag, domain }).toEqual({ tag: undefined as never, domain: "x.test", ...expected });
  });

  test("no name from the wire reaches an object's prototype", async () => {
    const app = observed((stage, c) => {
      const { session, envelope } = c.var as never as { session: { locals: object }; envelope?: { locals: object } };
      expect(Object.getPrototypeOf(session.locals)).toBeNull();
      if (stage === "mail") expect(Object.getPrototypeOf(envelope!.locals)).toBeNull();
    });
    const { data } = await send(app, {
      from: "__proto__@x.test",
      to: "constructor@x.test",
      data: "__proto__: x\n\n",
      helo: "__proto__",
    });
    expect(data?.code).toBe(250);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe("locals", () => {
  test("a fact of the session reappears at all later stages, one of the envelope as long as its message", async () => {
    const seen: string[] = [];
    let messages = 0;
    const app = observed((stage, c) => {
      const { session, envelope, geo, spf } = c.var as never as {
        session: { locals: Record<string, unknown> };
        envelope?: { locals: Record<string, unknown> };
        geo?: string;
        spf?: string;
      };
      seen.push(`${stage} ${geo ?? "-"} ${spf ?? "-"}`);
      if (stage === "connect") session.locals.geo = "NZ";
      if (stage === "mail") envelope!.locals.spf = `pass${++messages}`;
    });
    const client = new TestClient(app);
    const script = ["EHLO c.test", "MAIL FROM:<a@x.test>", "RCPT TO:<b@x.test>", "DATA", "hi\r\n."];
    for (
      const line of [...script, "MAIL FROM:<c@x.test>", "RSET", "MAIL FROM:<d@x.test>", "RCPT TO:<b@x.test>", "QUIT"]
    ) {
      await client.reply();
      client.write(`${line}\r\n`);
    }
    await client.closed();
    await client.close();
    expect(seen).toEqual([
      "connect - -",
      "helo NZ -",
      "mail NZ -",
      "rcpt NZ pass1",
      "data NZ pass1",
      "deliver NZ pass1",
      "mail NZ -",
      "mail NZ -",
      "rcpt NZ pass3",
      "disconnect NZ -",
    ]);
  });

  test("another session has none of them", async () => {
    const seen: unknown[] = [];
    const app = observed((stage, c) => {
      if (stage !== "connect") return;
      seen.push(c.get("mark" as never));
      (c.get("session" as never) as { locals: Record<string, unknown> }).locals.mark = true;
    });
    await send(app, two);
    await send(app, two);
    expect(seen).toEqual([undefined, undefined]);
  });

  test("c.set() lasts for one dispatch", async () => {
    const seen: unknown[] = [];
    const app = observed((_, c) => {
      seen.push(c.get("once" as never));
      c.set("once" as never, true as never);
    });
    await send(app, two);
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });

  test("no fact stands in for the session, the envelope, the recipient or the mail", async () => {
    const app = observed((stage, c) => {
      const { session, envelope } = c.var as never as {
        session: { id?: string; locals: Record<string, unknown> };
        envelope?: { locals: Record<string, unknown> };
      };
      expect(session.id).toBeString();
      if (stage === "connect") {
        for (const name of ["session", "envelope", "recipient", "mail"]) session.locals[name] = {};
      }
      if (stage === "mail") {
        for (const name of ["session", "envelope", "recipient", "mail"]) envelope!.locals[name] = {};
      }
      if (stage === "deliver") expect((c.get("recipient" as never) as { user: string }).user).toBeString();
    });
    expect((await send(app, two)).data?.code).toBe(250);
  });
});

describe("disconnect", () => {
  const connecting = (app: Postern, options = {}) => new TestClient(app, options);
  test.each<[how: string, end: (client: TestClient) => unknown, options?: object]>([
    ["QUIT", (client) => client.write("QUIT\r\n"), {}],
    ["FIN", (client) => client.end(), {}],
    ["FIN in the middle of a line", (client) => (client.write("QUI"), client.end()), {}],
    ["FIN in the middle of a message", async (client) => {
      client.write("EHLO c.test\r\n");
      await client.reply();
      await client.reply();
      client.write("MAIL FROM:<>\r\nRCPT TO:<a@x.test>\r\nDATA\r\n");
      for (let i = 0; i < 3; i++) await client.reply();
      client.write("half");
      client.end();
    }, {}],
    ["an HTTP request", (client) => client.write("GET / HTTP/1.1\r\n"), {}],
    ["too many errors", (client) => client.write("X\r\n".repeat(3)), { limits: { errors: 2 } }],
    ["silence", () => {}, { timeouts: { command: 20 } }],
    ["the server's end", (client) => client.close(), {}],
  ])("runs once after %s", async (_, end, options) => {
    let count = 0;
    const app = new Postern().deliver("*", (c) => c.body(null, 204));
    app.disconnect(async (c) => {
      await Promise.resolve();
      count++;
      return c.body(null, 500);
    });
    const client = connecting(app, options);
    await end(client);
    await client.closed();
    await client.close();
    expect(count).toBe(1);
  });

  test("after a refused connection, and whatever it does itself", async () => {
    let count = 0;
    const app = new Postern();
    app.connect(() => new Response(null, { status: 521 }));
    app.disconnect(() => {
      count++;
      throw new Error("x");
    });
    const client = connecting(app);
    expect((await client.reply()).code).toBe(521);
    await client.closed();
    await client.close();
    expect(count).toBe(1);
  });
});

test("a stage that no route can match is not dispatched", async () => {
  const app = new Hono();
  const asked: string[] = [];
  app.post("/deliver/*", (c) => c.body(null, 204));
  const { fetch } = app;
  app.fetch = (request, ...rest) => {
    asked.push(new URL(request.url).pathname);
    return fetch(request, ...rest);
  };
  const served = new Postern().route("/", app);
  const outer = served.fetch;
  served.fetch = (request, ...rest) => {
    asked.push(new URL(request.url).pathname);
    return outer(request, ...rest);
  };
  await send(served, { from: "s@y.test", to: "a@x.test", data: "" });
  expect(asked).toEqual(["/deliver/x.test/a"]);
});
