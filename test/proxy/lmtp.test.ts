/** What of LMTP does not show in a dialogue: what handlers and the delivered message tell of it, and where it listens. */

import { expect, test } from "bun:test";
import { MemoryDeliveryStore, Postern } from "postern";
import { serve } from "postern/bun";
import { dialogue, TestClient } from "postern/testing";
import { WireClient } from "../wire.ts";

test("136 Received says LMTP, and UTF8LMTP for a message with SMTPUTF8", async () => {
  const seen: string[] = [];
  const app = new Postern();
  app.deliver("*", async (c) => {
    seen.push(`${c.var.session.protocol} ${/ with (\S+) id/.exec(await c.var.mail.text())?.[1]}`);
    return c.body(null, 204);
  });
  const client = new TestClient(app, { protocol: "lmtp" });
  await client.reply();
  await client.command("LHLO c.test");
  for (const parameters of ["", " SMTPUTF8"]) {
    for (const line of [`MAIL FROM:<a@x.test>${parameters}`, "RCPT TO:<b@y.test>", "DATA"]) await client.command(line);
    await client.command("x\r\n.");
  }
  await client.close();
  expect(seen).toEqual(["LMTP LMTP", "LMTP UTF8LMTP"]);
});

test("135 nothing is remembered of a message that only some took, and nobody is asked to send one by one", async () => {
  const recorded: unknown[] = [];
  class Watched extends MemoryDeliveryStore {
    override record(...args: Parameters<MemoryDeliveryStore["record"]>): void {
      recorded.push(args);
      super.record(...args);
    }
  }
  const app = new Postern();
  app.deliver("no@y.test", (c) => c.body(null, 500));
  app.deliver("*@y.test", (c) => c.body(null, 204));
  const message = `
    C: MAIL FROM:<a@x.test>
    C: RCPT TO:<no@y.test>
    C: RCPT TO:<b@y.test>
    C: DATA
    S: 250
    S: 250
    S: 250
    S: 354
    C: x
    C: .
    S: 451
    S: 250 2.0.0 <b@y.test>
  `;
  const script = `S: 220\nC: LHLO c.test\nS: 250\n${message}${message}`;
  await dialogue(app, script, { protocol: "lmtp", deliveries: new Watched() });
  expect(recorded).toEqual([]);
});

test("PRDR after a half-delivered message: who has it does not get it twice, and hears so", async () => {
  const taken: string[] = [];
  let isBusy = true;
  const app = new Postern();
  app.deliver("*@y.test", (c) => {
    const { user } = c.var.recipient;
    if (user === "c" && isBusy) return c.body(null, 500);
    taken.push(user);
    return c.body(null, 204);
  });
  const rcpt = (parameters: string) => `
    C: MAIL FROM:<a@x.test>${parameters}
    C: RCPT TO:<b@y.test>
    C: RCPT TO:<c@y.test>
    C: DATA
    S: 250
    S: 250
    S: 250
    S: 354
    C: x
    C: .
  `;
  const deliveries = new MemoryDeliveryStore();
  const hello = "S: 220\nC: EHLO c.test\nS: 250\n";
  await dialogue(app, `${hello}${rcpt("")}\nS: 451`, { deliveries });
  isBusy = false;
  await dialogue(app, `${hello}${rcpt(" PRDR")}\nS: 353\nS: 250 2.0.0 <b@y.test>\nS: 250 2.0.0 <c@y.test>\nS: 250`, {
    deliveries,
  });
  expect(taken).toEqual(["b", "c"]);
  expect(deliveries.isPending("a@x.test")).toBe(false);
});

test("one listener may speak LMTP, and another SMTP", async () => {
  const app = new Postern();
  app.deliver("*", (c) => c.body(null, 204));
  const hostname = "127.0.0.1";
  await using server = await serve(app, {
    name: "mx.test",
    listeners: [{ port: 0, hostname }, { port: 0, hostname, protocol: "lmtp" }],
  });
  const greetings: string[] = [];
  for (const { port } of server.listeners) {
    const client = await WireClient.connect({ port });
    greetings.push((await client.reply()).raw);
    client.destroy();
  }
  expect(greetings).toEqual(["220 mx.test ESMTP Postern", "220 mx.test LMTP Postern"]);
});

test("LMTP is not spoken on port 25, nor a protocol that there is not anywhere", async () => {
  const listeners = [{ port: 25, protocol: "lmtp" }] as const;
  expect(await serve(new Postern(), { listeners }).catch(String)).toContain("Cannot speak LMTP on port 25");
  expect(() => new TestClient(new Postern(), { protocol: "LMTP" as never })).toThrow('protocol "LMTP"');
});
