import { expect, test } from "bun:test";
import { Postern } from "postern";
import { serve } from "postern/bun";
import { forward } from "postern/forward";
import { send } from "postern/testing";
import { after } from "../src/timer.ts";
import { envelope } from "./conformance/conformance.ts";
import { startFunction } from "./forward/functions.ts";

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

test.each([Infinity, 2 ** 31, 1e300])("%p milliseconds are not over at once", async (milliseconds) => {
  let isOver = false;
  const takeBack = after(milliseconds, () => isOver = true);
  await pause(20);
  takeBack();
  expect(isOver).toBe(false);
});

test("a timer calls back, unless it is taken back", async () => {
  const called: number[] = [];
  after(1, () => called.push(1));
  after(1, () => called.push(2))();
  await pause(50);
  expect(called).toEqual([1]);
});

test("a server that may take for ever to close lets a handler finish", async () => {
  const app = new Postern();
  let begun = () => {};
  const beginning = new Promise<void>((resolve) => begun = resolve);
  app.deliver("*", async (c) => {
    begun();
    await pause(100);
    return c.body(null, 204);
  });
  const server = await serve(app, { port: 0, hostname: "127.0.0.1", http: { port: 0, hostname: "127.0.0.1" } });
  const client = await envelope(server.port);
  await client.command("DATA");
  client.write("Subject: x\r\n\r\nx\r\n.\r\n");
  await beginning;
  await server.close({ grace: Infinity });
  expect((await client.closed()).map(({ code }) => code)).toEqual([250, 421]);
});

test("a function may take for ever", async () => {
  await using target = await startFunction();
  const app = new Postern();
  app.deliver("*", forward(target.url, { allowPrivate: true, timeout: Infinity }));
  expect((await send(app, { from: "a@x.test", to: "b@y.test", data: "x" })).data?.code).toBe(250);
});
