import assert from "node:assert/strict";
import { dnsResolver } from "../../src/dns/mod.ts";
import { address, type Cases, each } from "./case.ts";
import { encodeReply, scriptedServer, soa } from "./server.ts";

/** Time, tries, sizes, the cache. */
export const cases: Cases = {};

each(cases, "calls silence a timeout, after asking as often as told", () => undefined, async (resolver, server) => {
  const answer = await resolver.resolve("silent.example", "A");
  assert.equal(answer.status === "failure" && answer.reason, "timeout");
  assert.equal(server.asked.length, 2);
  assert.notEqual(server.asked[0]!.id, server.asked[1]!.id, "each try has an id of its own");
  assert.notEqual(server.asked[0]!.port, server.asked[1]!.port, "and a port of its own");
}, { timeout: 150, attempts: 2 });

let dropped = false;
each(cases, "asks again when a datagram is lost", (q) => {
  if (dropped) return { answers: [address(q.name, "192.0.2.1")] };
  dropped = true;
  return undefined;
}, async (resolver) => {
  assert.equal((await resolver.resolve("lossy.example", "A")).status, "ok");
}, { timeout: 250 });

each(cases, "the deadline ends all tries", () => undefined, async (resolver) => {
  const answer = await resolver.resolve("silent.example", "A");
  assert.equal(answer.status === "failure" && answer.reason, "timeout");
}, { timeout: 60_000, deadline: 100 });

each(cases, "a signal ends the wait, and the socket with it", () => undefined, async (resolver) => {
  const controller = new AbortController();
  const answer = resolver.resolve("silent.example", "A", { signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  const given = await answer;
  assert.equal(given.status === "failure" && given.reason, "aborted");
}, { timeout: 60_000, deadline: 60_000 });

each(cases, "one caller's signal does not end the wait of another", (q) => {
  setTimeout(() => q.send(encodeReply(q, { answers: [address(q.name, "192.0.2.1")] })), 100);
  return undefined;
}, async (resolver, server) => {
  const controller = new AbortController();
  const first = resolver.resolve("slow.example", "A", { signal: controller.signal });
  const second = resolver.resolve("slow.example", "A");
  controller.abort();
  assert.equal((await first).status, "failure");
  assert.equal((await second).status, "ok");
  assert.equal(server.asked.length, 1);
});

each(
  cases,
  "equal questions at one time are sent once",
  (q) => ({ answers: [address(q.name, "192.0.2.1", 0)] }),
  async (
    resolver,
    server,
  ) => {
    await Promise.all(["a.example", "A.EXAMPLE", "a.example."].map((name) => resolver.resolve(name, "A")));
    assert.equal(server.asked.length, 1);
    await resolver.resolve("a.example", "A");
    assert.equal(server.asked.length, 2, "a TTL of 0 is not kept");
  },
);

each(cases, "keeps an answer while its TTL lasts, NXDOMAIN by its SOA, a failure for a moment", (q) => {
  if (q.name === "gone.example") return { rcode: 3, authorities: [soa(3600, 60)] };
  if (q.name === "gone-for-now.example") return { rcode: 3 };
  if (q.name === "broken.example") return { rcode: 2 };
  return { answers: [address(q.name, "192.0.2.1", 60)] };
}, async (resolver, server) => {
  for (const name of ["kept.example", "gone.example", "gone-for-now.example", "broken.example"]) {
    await resolver.resolve(name, "A");
    await resolver.resolve(name, "A");
  }
  const count = (name: string): number => server.asked.filter((one) => one.name === name).length;
  assert.equal(count("kept.example"), 1);
  assert.equal(count("gone.example"), 1);
  assert.equal(count("gone-for-now.example"), 2, "without an SOA it must not be kept (RFC 2308 section 5)");
  assert.equal(count("broken.example"), 1);
});

each(cases, "takes a truncated answer over TCP", (q) => ({
  answers: Array.from({ length: 200 }, (_, at) => address(q.name, `192.0.2.${at}`)),
}), async (resolver, server) => {
  const answer = await resolver.resolve("large.example", "A");
  assert.equal(answer.status === "ok" && answer.records.length, 200);
  assert.deepEqual(server.asked.map((one) => one.transport), ["udp", "tcp"]);
  assert.equal(server.asked[0]!.payload, 1232);
});

each(cases, "a datagram cut off in the middle with TC set is asked for over TCP", (q) => {
  const reply = { answers: [address(q.name, "192.0.2.1"), address(q.name, "192.0.2.2")] };
  if (q.transport === "tcp") return reply;
  const cut = encodeReply(q, reply).subarray(0, -7);
  cut[2]! |= 2;
  q.send(cut);
  return undefined;
}, async (resolver) => {
  const answer = await resolver.resolve("cut.example", "A");
  assert.equal(answer.status === "ok" && answer.records.length, 2);
});

each(cases, "asks without EDNS where a server does not know it", (q) => (
  q.payload === 512 ? { answers: [address(q.name, "192.0.2.1")] } : { rcode: 1 }
), async (resolver, server) => {
  assert.equal((await resolver.resolve("old.example", "A")).status, "ok");
  assert.equal(server.asked.length, 2);
});

cases["a closed port and a silent server are passed over, and the one that answers is asked first next time"] =
  async () => {
    const silent = await scriptedServer(() => undefined);
    const alive = await scriptedServer((q) => ({ answers: [address(q.name, "192.0.2.1")] }));
    const closed = await scriptedServer(() => undefined);
    await closed.close();
    try {
      const servers = [closed.address, silent.address, alive.address];
      const resolver = dnsResolver({ servers, timeout: 250, attempts: 1 });
      assert.equal((await resolver.resolve("one.example", "A")).status, "ok");
      assert.equal((await resolver.resolve("two.example", "A")).status, "ok");
      assert.equal(silent.asked.length, 1);
      assert.equal(alive.asked.length, 2);
    } finally {
      await Promise.all([silent.close(), alive.close()]);
    }
  };

cases["more questions than the limit wait their turn"] = async () => {
  let open = 0;
  let most = 0;
  const server = await scriptedServer((q) => {
    most = Math.max(most, ++open);
    setTimeout(() => {
      open -= 1;
      q.send(encodeReply(q, { answers: [address(q.name, "192.0.2.1")] }));
    }, 10);
    return undefined;
  });
  try {
    const resolver = dnsResolver({ servers: [server.address], concurrency: 3 });
    const names = Array.from({ length: 20 }, (_, at) => `n${at}.example`);
    const answers = await Promise.all(names.map((name) => resolver.resolve(name, "A")));
    assert.ok(answers.every((answer) => answer.status === "ok"));
    assert.equal(most, 3);
  } finally {
    await server.close();
  }
};
