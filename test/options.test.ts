/** What is wrong with an option is said by its name. */

import { expect, test } from "bun:test";
import { Postern, type ServeOptions } from "postern";
import { serve } from "postern/bun";
import { TestClient } from "postern/testing";

test.each<[options: object, message: string]>([
  [{ timeouts: { handler: 0 } }, "Cannot serve with timeouts.handler 0: it is a number above 0"],
  [{ timeouts: { authFailureDelay: -1 } }, "Cannot serve with timeouts.authFailureDelay -1: it is a number, 0 for "],
  [{ limits: { recipients: "many" } }, "Cannot serve with limits.recipients many: it is a number above 0"],
  [{ spool: { diskBudget: NaN } }, "Cannot serve with spool.diskBudget NaN: it is a number above 0"],
  [{ maxSize: -1 }, "Cannot serve with maxSize -1: it is a number above 0"],
  [{ maxSize: 1000.5 }, "Cannot serve with maxSize 1000.5: it is a whole number, or Infinity for no maximum"],
  [{ limits: { recipient: 5 } }, "Cannot serve with limits.recipient: there are recipients, errors, junkCommands, "],
  [{ timeouts: { handlers: 5 } }, "Cannot serve with timeouts.handlers: there are command, block, handler, "],
  [{ spool: { dir: "/tmp" } }, "Cannot serve with spool.dir: there are memoryPerMessage, memoryBudget, "],
])("%p", async (options, message) => {
  await expect(serve(new Postern(), { port: 0, ...options } as ServeOptions)).rejects.toThrow(message);
  expect(() => new TestClient(new Postern(), options)).toThrow(message);
});

test.each([[Infinity, "SIZE 0"], [1e21, "SIZE 0"], [Number.MAX_SAFE_INTEGER, "SIZE 9007199254740991"]])(
  "maxSize %p is %s to the client (RFC 1870 section 4)",
  async (maxSize, line) => {
    const client = new TestClient(new Postern(), { maxSize });
    await client.reply();
    expect((await client.command("EHLO c.test")).lines).toContain(line);
    expect((await client.command("MAIL FROM:<a@x.test> SIZE=9007199254740991")).code).toBe(250);
    await client.close();
  },
);

test("what is left undefined is no mistake", async () => {
  const options = { limits: { recipients: undefined }, timeouts: {}, spool: { directory: undefined } };
  const client = new TestClient(new Postern(), options as unknown as ServeOptions);
  expect((await client.reply()).code).toBe(220);
  await client.close();
});
