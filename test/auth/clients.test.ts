/** Real mail programs log in to each runtime, by every mechanism that each of them knows without TLS. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { clients } from "../clients/all.ts";
import type { Mechanism, Message } from "../clients/client.ts";
import * as gsasl from "../clients/gsasl.ts";
import { Runtime, runtimeNames, type Served } from "../runtime.ts";

// Each program has a time limit of its own, well below this one.
setDefaultTimeout(60_000);

/** To where only an authenticated user may send. */
const message: Message = {
  from: "alice@example.com",
  to: ["bob@elsewhere.test"],
  data: "From: alice@example.com\r\nTo: bob@elsewhere.test\r\nSubject: hello\r\n\r\nHello\r\n",
};

const known: readonly Mechanism[] = [
  "PLAIN",
  "LOGIN",
  "CRAM-MD5",
  "SCRAM-SHA-1",
  "SCRAM-SHA-256",
  "XOAUTH2",
  "OAUTHBEARER",
];

const good = { user: "alice", password: "wonderland" };
const bad = { user: "alice", password: "looking-glass" };
const inClear = clients.filter(({ tls }) => tls.includes("none"));
const usable = await Promise.all(inClear.map((client) => client.available()));
const hasGsasl = await gsasl.available();

for (const name of runtimeNames) {
  describe(name, () => {
    let runtime: Runtime;
    let served: Served;

    beforeAll(async () => {
      runtime = await Runtime.start(name);
      served = await runtime.serve("authenticating", {
        allowInsecureAuth: true,
        limits: { authFailuresPerAddress: 10_000 },
        timeouts: { authFailureDelay: 1 },
      });
    });
    afterAll(async () => {
      await served.close(0);
      await runtime[Symbol.asyncDispose]();
    });

    const target = () => ({ host: "127.0.0.1", port: served.port });

    inClear.forEach((client, index) => {
      for (const mechanism of client.mechanisms.filter((each) => known.includes(each))) {
        test.skipIf(!usable[index])(`${client.name} logs in by ${mechanism}`, async () => {
          const outcome = await client.send(target(), message, { auth: { mechanism, ...good } });
          expect(outcome).toMatchObject({ code: 0, timedOut: false });
          expect((await served.deliveries()).map(({ recipient }) => recipient)).toEqual(["bob@elsewhere.test"]);
        });

        test.skipIf(!usable[index])(`${client.name} is refused by ${mechanism}`, async () => {
          const outcome = await client.send(target(), message, { auth: { mechanism, ...bad } });
          expect(outcome.timedOut).toBe(false);
          expect(outcome.code).not.toBe(0);
          expect(outcome.output).toContain("535");
          expect(await served.deliveries()).toEqual([]);
        });
      }

      test.skipIf(!usable[index])(`${client.name} cannot send elsewhere without a login`, async () => {
        const outcome = await client.send(target(), message);
        expect(outcome.timedOut).toBe(false);
        expect(await served.deliveries()).toEqual([]);
        expect(outcome.output).toContain("Log in to send there");
      });
    });

    for (const mechanism of known.filter((each) => !/AUTH/.test(each))) {
      test.skipIf(!hasGsasl)(`GNU SASL agrees on ${mechanism}`, async () => {
        expect((await gsasl.authenticate(target(), { mechanism, ...good })).code).toBe(0);
        const refused = await gsasl.authenticate(target(), { mechanism, ...bad });
        expect(refused.code).not.toBe(0);
        expect(refused.output).toContain("535 5.7.8");
      });
    }
  });
}
