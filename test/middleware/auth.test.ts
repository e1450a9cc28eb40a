/** What asks for a user, with users who come by AUTH. */

import { test } from "bun:test";
import type { MiddlewareHandler } from "hono";
import { password, Postern } from "postern";
import { rateLimit } from "postern/rate-limit";
import { requireAuth } from "postern/require-auth";
import { requireTls } from "postern/require-tls";
import { senderMatchesUser } from "postern/sender-matches-user";
import { spf } from "postern/spf";
import { staticResolver } from "postern/dns";
import { dialogue } from "postern/testing";

const plain = (user: string, secret: string): string => Buffer.from(`\0${user}\0${secret}`).toString("base64");
const alice = plain("alice@x.test", "wonderland");

async function converse(middleware: readonly MiddlewareHandler[], script: string): Promise<void> {
  const app = new Postern();
  app.use(...middleware as [MiddlewareHandler]);
  app.auth("PLAIN", password((user, secret) => user === "alice@x.test" && secret === "wonderland"));
  app.deliver("*", (c) => c.body(null, 204));
  await dialogue(app, `S: 220\nC: EHLO c.test\nS: 250\n${script}`, {
    remoteAddress: "192.0.2.1",
    allowInsecureAuth: true,
  });
}

test("requireAuth() and senderMatchesUser() let in who authenticated, under the user's own address", async () => {
  await converse(
    [requireAuth(), senderMatchesUser()],
    `
    C: MAIL FROM:<alice@x.test>
    S: 530 5.7.0
    C: AUTH PLAIN ${alice}
    S: 235 2.7.0
    C: MAIL FROM:<bob@x.test>
    S: 553 5.7.1
    C: MAIL FROM:<alice@x.test>
    S: 250
  `,
  );
});

test("requireTls() refuses AUTH in clear", async () => {
  await converse(
    [requireTls()],
    `
    C: AUTH PLAIN ${alice}
    S: 530 5.7.0
    C: MAIL FROM:<alice@x.test>
    S: 530 5.7.0
  `,
  );
});

test("rateLimit() at auth counts guesses, right ones and wrong ones", async () => {
  await converse(
    [rateLimit({ stage: "auth", limit: 2, seconds: 1000 })],
    `
    C: AUTH PLAIN ${plain("alice@x.test", "one")}
    S: 535 5.7.8
    C: AUTH PLAIN ${plain("alice@x.test", "two")}
    S: 535 5.7.8
    C: AUTH PLAIN ${alice}
    S: 454 4.7.0
  `,
  );
});

test("spf() does not look at who authenticated", async () => {
  const resolver = staticResolver({ "x.test": { TXT: ["v=spf1 -all"] } });
  await converse(
    [spf({ resolver, reject: ["fail"] })],
    `
    C: MAIL FROM:<alice@x.test>
    S: 550 5.7.23
    C: AUTH PLAIN ${alice}
    S: 235
    C: MAIL FROM:<alice@x.test>
    S: 250
  `,
  );
});
