/** A function that is down for a while loses nothing: a real Postfix keeps the mail and comes back. */

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import * as postfix from "../clients/postfix.ts";
import { freePort } from "../clients/scratch.ts";
import { Runtime, runtimeNames } from "../runtime.ts";
import { says, secret, startFunction, takes } from "./functions.ts";

setDefaultTimeout(90_000);

const there = await postfix.available();

describe.skipIf(!there).each([...runtimeNames])("Postfix, Postern on %s, and a function that is down", (name) => {
  test("loses nothing, and doubles nothing", async () => {
    const port = await freePort();
    await using runtime = await Runtime.start(name);
    const env = { url: `http://127.0.0.1:${port}/inbound`, options: { allowPrivate: true, secret } };
    const served = await runtime.serve("forwarding", { env });
    await using queue = await postfix.startPostfix({ relay: { host: "127.0.0.1", port: served.port } });
    const subjects = Array.from({ length: 6 }, (_, index) => `number ${index}`);
    for (const subject of subjects) {
      const data = `From: alice@example.com\r\nSubject: ${subject}\r\n\r\nHello\r\n`;
      await queue.submit({ from: "alice@example.com", to: ["bob@example.net"], data });
    }
    // At first nobody listens, then somebody who fails.
    await queue.logged(/status=deferred .*451 4\.3\.0/);
    const failing = await startFunction(says(502), { port });
    const isAsked = new Promise<void>((resolve) =>
      failing.answering = (asked, response, request) => {
        says(502)(asked, response, request);
        resolve();
      }
    );
    await isAsked;
    await failing[Symbol.asyncDispose]();
    await using target = await startFunction(takes, { port });
    await queue.emptied(30_000);
    const arrived = target.asked.map(({ body }) => /^Subject: (.*)\r$/m.exec(body.toString())?.[1]);
    expect(arrived.toSorted()).toEqual(subjects);
    const ids = new Set(target.asked.map(({ headers }) => headers["webhook-id"]));
    expect(ids.size).toBe(subjects.length);
    expect(failing.asked.every(({ headers }) => ids.has(headers["webhook-id"]))).toBe(true);
    await served.close(0);
  });
});
