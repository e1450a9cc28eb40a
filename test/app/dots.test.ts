/** Local parts that a URL parser would take for steps up the path. */

import { expect, test } from "bun:test";
import { Postern } from "postern";
import { send } from "postern/testing";

test.each(['"."@y.test', '".."@y.test'])("%s keeps its own path, in every copy of the request", async (address) => {
  const app = new Postern();
  const paths: string[] = [];
  app.deliver(address, (c) => {
    paths.push(new URL(c.req.url).pathname, new URL(c.req.raw.clone().url).pathname);
    return c.body(null, 204);
  });
  const { data } = await send(app, { from: "a@x.test", to: address, data: "hi" });
  expect(data?.code).toBe(250);
  const path = `/deliver/y.test/${encodeURIComponent(address.split("@")[0]!)}`;
  expect(paths).toEqual([path, path]);
});

test("nobody else has it, not even who has quotes in the name", async () => {
  const app = new Postern();
  app.deliver('".."@y.test', (c) => c.body(null, 204));
  const codes: (number | undefined)[] = [];
  for (const to of ['".."@y.test', '"\\"..\\""@y.test', '"\\"\\"..\\"\\""@y.test']) {
    const { rcpt } = await send(app, { from: "a@x.test", to, data: "hi" });
    codes.push(rcpt[0]?.code);
  }
  expect(codes).toEqual([250, 550, 550]);
});
