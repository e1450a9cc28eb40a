/** Several who wait for a session at the same time. */

import { expect, test } from "bun:test";
import { TestClient } from "postern/testing";

const taking = () => new Response(null, { status: 204 });

test("two commands at once get a reply each, in their order", async () => {
  const client = new TestClient(taking);
  await client.reply();
  const replies = await Promise.all([client.command("EHLO c.test"), client.command("NOOP"), client.command("HELP")]);
  expect(replies.map(({ code }) => code)).toEqual([250, 250, 214]);
  await client.close();
});

test("the end can be waited for while a reply is", async () => {
  const client = new TestClient(taking);
  await client.reply();
  const [unread, bye] = await Promise.all([client.closed(), client.command("QUIT")]);
  expect([unread.length, bye.code]).toEqual([0, 221]);
});
