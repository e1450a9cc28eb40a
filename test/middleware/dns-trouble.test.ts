/** DNS servers that are down, slow or lying: sessions go on in their time, and what policy says to defer is deferred. */

import { afterAll, describe, expect, test } from "bun:test";
import type { MiddlewareHandler } from "hono";
import { Postern } from "postern";
import { authenticate } from "postern/authenticate";
import { dnsResolver, type Resolver } from "postern/dns";
import { dnsbl } from "postern/dnsbl";
import { fcrdns } from "postern/fcrdns";
import { mx } from "postern/mx";
import { spf } from "postern/spf";
import { send } from "postern/testing";
import { type Script, type ScriptedServer, scriptedServer } from "../dns/server.ts";

const troubles: Readonly<Record<string, Script>> = {
  "says nothing": () => undefined,
  "says SERVFAIL": () => ({ rcode: 2 }),
  "says REFUSED": () => ({ rcode: 5 }),
  "sends garbage": (asked) => void asked.send(new Uint8Array([1, 2, 3])),
  "answers from elsewhere": (asked) => void asked.send(new Uint8Array(64).fill(7), "elsewhere"),
};

const middlewares: readonly (readonly [string, (resolver: Resolver) => MiddlewareHandler, string])[] = [
  ["spf()", (resolver) => spf({ resolver, defer: ["temperror"] }), "451 4.7.24"],
  ["mx()", (resolver) => mx({ resolver, defer: true }), "451 4.1.8"],
  ["dnsbl()", (resolver) => dnsbl({ resolver, zones: ["bl.test"], defer: true }), "451 4.7.1"],
  ["fcrdns()", (resolver) => fcrdns({ resolver, defer: true }), "450 4.7.25"],
  ["authenticate()", (resolver) => authenticate({ resolver, dmarc: "enforce" }), "451 4.7.0"],
];

for (const [trouble, script] of Object.entries(troubles)) {
  describe(`a DNS server that ${trouble}`, () => {
    let server: Promise<ScriptedServer> | undefined;
    afterAll(async () => await (await server)?.close());

    test.each(middlewares)("makes %s defer", async (_, make, expected) => {
      const { address } = await (server ??= scriptedServer(script));
      const app = new Postern();
      app.use(make(dnsResolver({ servers: [address], timeout: 100, attempts: 1, deadline: 1000 })));
      let isDelivered = false;
      app.deliver("*", (c) => {
        isDelivered = true;
        return c.body(null, 204);
      });
      const mail = { from: "a@x.test", to: "b@y.test", data: "From: a@x.test\n\nx\n" };
      const { greeting, mail: from, data } = await send(app, mail, { remoteAddress: "192.0.2.1" });
      const refusal = [greeting, from, data].find((reply) => reply !== undefined && reply.code >= 400);
      expect(refusal?.raw).toStartWith(`${expected} `);
      expect(isDelivered).toBe(false);
    }, 20_000);
  });
}

test("a resolver that answers every name with an address of its own lists nobody", async () => {
  const server = await scriptedServer(({ name, type }) => ({
    answers: type === "A" ? [{ type: "A", name, class: "IN", ttl: 60, data: "203.0.113.80" }] : [],
  }));
  try {
    const app = new Postern();
    app.use(dnsbl({ resolver: dnsResolver({ servers: [server.address] }), zones: ["bl.test"] }));
    app.deliver("*", (c) => c.body(null, 204));
    const mail = { from: "a@x.test", to: "b@y.test", data: "x\n" };
    expect((await send(app, mail, { remoteAddress: "192.0.2.1" })).data?.code).toBe(250);
  } finally {
    await server.close();
  }
});
