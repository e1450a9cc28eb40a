import { describe, expect, test } from "bun:test";
import { Postern } from "postern";
import { send, TestClient } from "postern/testing";
import { createEngine } from "../../src/engine.ts";
import { MemorySocket } from "../../src/testing/memorysocket.ts";

const timeouts = { handler: 30 };
const never = () => new Promise<never>(() => {});

/** All stages that answer, and where their reply is found. */
const stages = ["connect", "helo", "mail", "rcpt", "data", "deliver"] as const;

describe("a handler that does not answer in time", () => {
  test.each(stages.map((stage) => [stage]))(
    "at %s: one 451, its signal is aborted, and the session goes on",
    async (at) => {
      const app = new Postern();
      const reasons: unknown[] = [];
      app.use(async (c, next) => {
        if (c.req.path.split("/")[1] !== at) return await next();
        const { signal } = c.req.raw;
        expect(signal.aborted).toBe(false);
        signal.addEventListener("abort", () => reasons.push(signal.reason.name));
        return await never();
      });
      app.deliver("*", (c) => c.body(null, 204));
      const said = await send(app, { from: "s@y.test", to: "a@x.test", data: "" }, { timeouts });
      const found = { ...said, connect: said.greeting, helo: said.ehlo, rcpt: said.rcpt[0], deliver: said.data };
      expect(found[at]?.raw).toBe("451 4.3.0 Temporary failure, try again later");
      expect(reasons).toEqual(["TimeoutError"]);
    },
  );

  test("a command", async () => {
    const app = new Postern().command("XSLOW", never);
    const client = new TestClient(app, { timeouts });
    await client.reply();
    expect((await client.command("XSLOW")).code).toBe(451);
    expect((await client.command("NOOP")).code).toBe(250);
    expect((await client.command("QUIT")).code).toBe(221);
    await client.close();
  });

  test("a text that does not come to its end", async () => {
    const app = new Postern();
    app.deliver(
      "*",
      () => new Response(new ReadableStream({ pull: never }), { headers: { "content-type": "text/plain" } }),
    );
    const { data } = await send(app, { from: "", to: "a@x.test", data: "" }, { timeouts });
    expect(data?.code).toBe(451);
  });

  test("an answer that comes too late, or a failure, changes nothing", async () => {
    const app = new Postern();
    let late: (() => void) | undefined;
    app.rcpt("late@x.test", () => new Promise((resolve) => late = () => resolve(new Response(null, { status: 204 }))));
    app.rcpt("fails@x.test", () => new Promise((_, reject) => late = () => reject(new Error("late"))));
    app.data((c) => c.body(null, 204));
    const client = new TestClient(app, { timeouts });
    for (const line of ["EHLO c.test", "MAIL FROM:<>"]) await client.reply().then(() => client.write(`${line}\r\n`));
    await client.reply();
    for (const recipient of ["late", "fails"]) {
      expect((await client.command(`RCPT TO:<${recipient}@x.test>`)).code).toBe(451);
      late?.();
      expect((await client.command("DATA")).code).toBe(554);
    }
    client.end();
    expect(await client.closed()).toEqual([]);
    await client.close();
  });

  test("the deliveries of one message have one limit together: the late are not asked", async () => {
    const app = new Postern();
    const asked: string[] = [];
    app.deliver(":user@x.test", async (c) => {
      asked.push(c.req.param("user"));
      await never();
      return c.body(null, 204);
    });
    const { data } = await send(app, { from: "", to: ["a@x.test", "b@x.test"], data: "" }, {
      timeouts: { handler: 40, delivery: 20 },
    });
    expect(data?.code).toBe(451);
    expect(asked).toEqual(["a"]);
  });
});

describe("the time of all deliveries", () => {
  test("begins before data, and no handler has more than what is left of it", async () => {
    const app = new Postern();
    const signals: AbortSignal[] = [];
    const slow = async (c: { readonly req: { readonly raw: Request } }): Promise<Response> => {
      signals.push(c.req.raw.signal);
      await Bun.sleep(60);
      return new Response(null, { status: 204 });
    };
    app.data(slow);
    app.deliver("*", slow);
    const to = ["a@x.test", "b@x.test", "c@x.test", "d@x.test"];
    const { data } = await send(app, { from: "", to, data: "" }, { timeouts: { handler: 10_000, delivery: 150 } });
    expect(data?.code).toBe(451);
    // data and one recipient were in time, the next one was cut short, the last was not asked.
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, true]);
  });
});

describe("a server that stops", () => {
  test("does not wait for handlers past its grace, and asks no more of them", async () => {
    const app = new Postern();
    const asked: string[] = [];
    app.deliver(":user@x.test", async (c) => {
      asked.push(c.req.param("user"));
      await never();
      return c.body(null, 204);
    });
    const engine = createEngine(app, { name: "mx.test" });
    const socket = new MemorySocket(() => {});
    engine.accept(socket);
    const say = (text: string) => socket.receive(new TextEncoder().encode(text));
    say("EHLO c.test\r\n");
    await Bun.sleep(1);
    say("MAIL FROM:<>\r\nRCPT TO:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n");
    await Bun.sleep(1);
    say("hi\r\n.\r\n");
    while (asked.length === 0) await Bun.sleep(1);
    await engine.close({ grace: 10 });
    expect(asked).toEqual(["a"]);
    expect(engine.sessions).toEqual([]);
  });
});
