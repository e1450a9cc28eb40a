/** What of XCLIENT and XFORWARD does not show in a dialogue: what handlers see. */

import { expect, test } from "bun:test";
import { type Forwarded, Postern, reply, type Session } from "postern";
import { dialogue, TestClient } from "postern/testing";

test("144 connect and helo are asked again, about the other client", async () => {
  const asked: string[] = [];
  const app = new Postern();
  app.connect((c) => {
    const { address, name } = c.var.session.remote;
    asked.push(`connect ${address} ${name} ${JSON.stringify(c.var.session.locals)}`);
    c.var.session.locals.first ??= address;
    return address === "192.0.2.66" ? reply(554, "5.7.1", "Go away") : c.text("welcome");
  });
  app.helo((c) => {
    asked.push(`helo ${c.req.param("host")}`);
    return c.req.param("host") === "spam.example" ? reply(550, "5.7.1", "Not you") : c.body(null, 204);
  });
  await dialogue(
    app,
    `
    S: 220 mx.test ESMTP welcome
    C: XCLIENT NAME=spike.example ADDR=192.0.2.1
    S: 220 mx.test ESMTP welcome
    C: XCLIENT HELO=spam.example
    S: 550 5.7.1 Not you
    C: MAIL FROM:<a@x.test>
    S: 503 5.5.1
    C: XCLIENT ADDR=192.0.2.66 HELO=[UNAVAILABLE]
    S: 554 5.7.1 Go away
    C: EHLO c.test
    S: 503 5.5.1
    C: QUIT
    S: 221
    S: close
  `,
    { xclient: ["127.0.0.1"] },
  );
  expect(asked).toEqual([
    "connect 127.0.0.1 undefined {}",
    "connect 192.0.2.1 spike.example {}",
    "connect 192.0.2.1 spike.example {}",
    "helo spam.example",
    "connect 192.0.2.66 spike.example {}",
  ]);
});

test("144 Received and the session tell of the other client", async () => {
  let seen: { session: Session; received: string } | undefined;
  const app = new Postern();
  app.deliver("*", async (c) => {
    const text = await c.var.mail.text();
    seen = { session: { ...c.var.session }, received: text.split("\r\n").slice(1, 3).join("") };
    return c.body(null, 204);
  });
  const client = new TestClient(app, { xclient: ["127.0.0.1"] });
  await client.reply();
  await client.command("XCLIENT ADDR=192.0.2.1 PORT=9 LOGIN=ann HELO=spike.example NAME=spike.example");
  for (const line of ["MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "DATA"]) await client.command(line);
  expect((await client.command("x\r\n.")).code).toBe(250);
  await client.close();
  expect(seen?.received).toContain("from spike.example ([192.0.2.1])\tby mx.test with ESMTPA id");
  expect(seen?.session).toMatchObject({
    remote: { address: "192.0.2.1", port: 9, name: "spike.example" },
    user: "ann",
    helo: "spike.example",
    protocol: "ESMTPA",
  });
});

test("144 what XFORWARD says belongs to the next message alone", async () => {
  const seen: (Forwarded | undefined)[] = [];
  const app = new Postern();
  app.mail((c) => {
    seen.push(c.var.envelope.forwarded);
    return c.body(null, 204);
  });
  app.deliver("*", (c) => {
    seen.push(c.var.envelope.forwarded);
    return c.body(null, 204);
  });
  await dialogue(
    app,
    `
    S: 220
    C: EHLO c.test
    S: 250
    C: XFORWARD NAME=spike.example ADDR=IPV6:2001:DB8::0:1 PORT=4711 PROTO=ESMTP
    S: 250
    C: XFORWARD HELO=spike.example IDENT=3CF6 SOURCE=local NAME=[UNAVAILABLE]
    S: 250
    C: MAIL FROM:<a@x.test>
    C: RCPT TO:<b@y.test>
    C: DATA
    S: 250
    S: 250
    S: 354
    C: x
    C: .
    S: 250
    C: MAIL FROM:<a@x.test>
    S: 250
    C: RSET
    S: 250
    C: XFORWARD ADDR=uucp!spike
    C: RSET
    C: MAIL FROM:<a@x.test>
    S: 250
    S: 250
    S: 250
  `,
    { xclient: ["127.0.0.1"] },
  );
  const forwarded: Forwarded = {
    address: "2001:db8::1",
    port: 4711,
    protocol: "ESMTP",
    helo: "spike.example",
    ident: "3CF6",
    source: "LOCAL",
  };
  expect(seen).toEqual([forwarded, forwarded, undefined, undefined]);
});

test("an entry that is no address is refused with its name", () => {
  expect(() => new TestClient(new Postern(), { xclient: ["filter"] })).toThrow('"filter" in xclient');
});
