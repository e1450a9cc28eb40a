import { expect, test } from "bun:test";
import { Postern } from "postern";
import { earlyTalker } from "postern/early-talker";
import { tarpit } from "postern/tarpit";
import { send, TestClient } from "postern/testing";

const mail = { from: "a@x.test", to: "b@y.test", data: "x\n" };
const far = { remoteAddress: "192.0.2.1" };

function appOf(middleware: ReturnType<typeof tarpit>): Postern {
  const app = new Postern();
  app.use(middleware);
  app.deliver("*", (c) => c.body(null, 204));
  return app;
}

test("whoever talks before the greeting is sent away", async () => {
  const client = new TestClient(appOf(earlyTalker({ wait: 100 })), far);
  client.write("EHLO early.test\r\n");
  expect((await client.reply()).raw).toStartWith("554 5.5.0 ");
  expect(await client.closed()).toEqual([]);
  await client.close();
});

test("whoever waits is greeted", async () => {
  expect((await send(appOf(earlyTalker({ wait: 20 })), mail, far)).data?.code).toBe(250);
});

test.each([[{ except: ["192.0.2.1"] }, far], [{}, { remoteAddress: "" }]])(
  "with %p a client at %p does not have to wait",
  async (options, where) => {
    const client = new TestClient(appOf(earlyTalker({ wait: 60_000, ...options })), where);
    expect((await client.reply()).code).toBe(220);
    await client.close();
  },
);

test("a greeting that waits ends with its handler's time", async () => {
  const client = new TestClient(appOf(earlyTalker({ wait: 60_000 })), { ...far, timeouts: { handler: 50 } });
  expect((await client.reply()).code).toBe(451);
  await client.close();
});

test("the tarpit holds back the replies it is told to, and decides nothing", async () => {
  const order: string[] = [];
  const app = new Postern();
  app.use(tarpit({
    milliseconds: 30,
    stages: ["mail", "rcpt"],
    when: (c) => {
      order.push(c.req.path);
      return true;
    },
  }));
  app.rcpt("b@y.test", (c) => c.notFound());
  const { mail: from, rcpt } = await send(app, mail, far);
  expect([from.code, rcpt[0]!.code]).toEqual([250, 550]);
  expect(order).toEqual(["/mail/x.test/a", "/rcpt/y.test/b"]);
});

test("the pit takes so many and no more", async () => {
  const app = appOf(tarpit({ milliseconds: 60_000, stages: ["helo"], most: 1 }));
  const first = new TestClient(app, { ...far, timeouts: { handler: 200 } });
  const second = new TestClient(app, far);
  await Promise.all([first.reply(), second.reply()]);
  first.write("EHLO one.test\r\n");
  // The first is in the pit, so the second is answered while the first waits.
  const waiting = first.reply().then(() => "first");
  const answered = second.command("EHLO two.test").then(() => "second");
  expect(await Promise.race([waiting, answered])).toBe("second");
  await Promise.all([waiting, first.close(), second.close()]);
});

test.each([["when says no", { when: () => false }], ["the client is listed", { except: ["192.0.2.0/24"] }]])(
  "nobody waits when %s",
  async (_, options) => {
    const app = appOf(tarpit({ milliseconds: 60_000, ...options }));
    expect((await send(app, mail, { ...far, timeouts: { handler: 1000 } })).data?.code).toBe(250);
  },
);

test.each([-1, NaN, 60_001])("a wait of %p ms is refused", (milliseconds) => {
  expect(() => tarpit({ milliseconds })).toThrow(RangeError);
  expect(() => earlyTalker({ wait: milliseconds })).toThrow(RangeError);
});
