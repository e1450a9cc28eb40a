import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import packet from "dns-packet";
import { type DnsOptions, dnsResolver, type Resolver } from "../../src/dns/mod.ts";
import { encodeReply, type Script, type ScriptedServer, scriptedServer, soa } from "./server.ts";

/**
 * The resolver against a server that does what a script says, over real sockets. The cases use no test runner, so that
 * the same ones run on Bun, Deno and Node.
 */
export const cases: Record<string, () => Promise<void>> = {};

type Body = (resolver: Resolver, server: ScriptedServer) => Promise<void>;

/** Short enough that a case with a timeout is quick, long enough for a busy machine. */
const QUICK: DnsOptions = { timeout: 250, attempts: 1 };

function each(name: string, script: Script, body: Body, options: DnsOptions = {}): void {
  cases[name] = async () => {
    const server = await scriptedServer(script);
    try {
      await body(dnsResolver({ servers: [server.address], timeout: 2000, attempts: 2, ...options }), server);
    } finally {
      await server.close();
    }
  };
}

const address = (name: string, data: string, ttl = 60): packet.Answer => ({ type: "A", name, class: "IN", ttl, data });
const alias = (name: string, data: string, ttl = 60): packet.Answer => ({
  type: "CNAME",
  name,
  class: "IN",
  ttl,
  data,
});

each("gives the records of the type asked for, with their least TTL", (q) => ({
  answers: [address(q.name, "192.0.2.1", 60), address(q.name, "192.0.2.2", 30)],
}), async (resolver) => {
  assert.deepEqual(await resolver.resolve("Host.Example.", "A"), {
    status: "ok",
    name: "host.example",
    records: ["192.0.2.1", "192.0.2.2"],
    ttl: 30,
  });
});

each("reads MX, PTR, AAAA and the null MX", (q) => {
  const base = { name: q.name, class: "IN", ttl: 60 } as const;
  if (q.type === "MX" && q.name === "null.example") {
    return { answers: [{ ...base, type: "MX", data: { preference: 0, exchange: "." } }] };
  }
  if (q.type === "MX") return { answers: [{ ...base, type: "MX", data: { preference: 10, exchange: "mx.example" } }] };
  if (q.type === "PTR") return { answers: [{ ...base, type: "PTR", data: "host.example" }] };
  return { answers: [{ ...base, type: "AAAA", data: "2001:db8::1" }] };
}, async (resolver) => {
  const records = async (name: string, type: "MX" | "PTR" | "AAAA"): Promise<unknown> => {
    const answer = await resolver.resolve(name, type);
    return answer.status === "ok" ? answer.records : answer;
  };
  assert.deepEqual(await records("example", "MX"), [{ preference: 10, exchange: "mx.example" }]);
  assert.deepEqual(await records("null.example", "MX"), [{ preference: 0, exchange: "." }]);
  assert.deepEqual(await records("1.2.0.192.in-addr.arpa", "PTR"), ["host.example"]);
  assert.deepEqual(await records("host.example", "AAAA"), ["2001:db8::1"]);
});

each("joins the strings of one TXT record and keeps records apart", (q) => ({
  answers: [["one ", "two"], ["three"], [Buffer.from([0x80, 0xff])]].map((data) => (
    { type: "TXT", name: q.name, class: "IN", ttl: 60, data } as packet.Answer
  )),
}), async (resolver) => {
  const answer = await resolver.resolve("txt.example", "TXT");
  assert.equal(answer.status, "ok");
  assert.deepEqual(answer.status === "ok" && answer.records, ["one two", "three", "\x80\xff"]);
});

each("tells NXDOMAIN from NODATA from SERVFAIL from REFUSED", (q) => {
  if (q.name === "gone.example") return { rcode: 3, authorities: [soa(60, 60)] };
  if (q.name === "empty.example") return { authorities: [soa(60, 60)] };
  return { rcode: q.name === "broken.example" ? 2 : 5 };
}, async (resolver) => {
  assert.equal((await resolver.resolve("gone.example", "A")).status, "nxdomain");
  assert.equal((await resolver.resolve("empty.example", "A")).status, "nodata");
  const broken = await resolver.resolve("broken.example", "A");
  assert.equal(broken.status === "failure" && broken.reason, "servfail");
  const refused = await resolver.resolve("refused.example", "A");
  assert.equal(refused.status === "failure" && refused.reason, "refused");
});

each("calls silence a timeout, after asking as often as told", () => undefined, async (resolver, server) => {
  const answer = await resolver.resolve("silent.example", "A");
  assert.equal(answer.status === "failure" && answer.reason, "timeout");
  assert.equal(server.asked.length, 2);
  assert.notEqual(server.asked[0]!.id, server.asked[1]!.id, "each try has an id of its own");
  assert.notEqual(server.asked[0]!.port, server.asked[1]!.port, "and a port of its own");
}, { timeout: 150, attempts: 2 });

let dropped = false;
each("asks again when a datagram is lost", (q) => {
  if (dropped) return { answers: [address(q.name, "192.0.2.1")] };
  dropped = true;
  return undefined;
}, async (resolver) => {
  assert.equal((await resolver.resolve("lossy.example", "A")).status, "ok");
}, { timeout: 250 });

each("the deadline ends all tries", () => undefined, async (resolver) => {
  const answer = await resolver.resolve("silent.example", "A");
  assert.equal(answer.status === "failure" && answer.reason, "timeout");
}, { timeout: 60_000, deadline: 100 });

each("a signal ends the wait, and the socket with it", () => undefined, async (resolver) => {
  const controller = new AbortController();
  const answer = resolver.resolve("silent.example", "A", { signal: controller.signal });
  setTimeout(() => controller.abort(), 20);
  const given = await answer;
  assert.equal(given.status === "failure" && given.reason, "aborted");
}, { timeout: 60_000, deadline: 60_000 });

each("one caller's signal does not end the wait of another", (q) => {
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

each("equal questions at one time are sent once", (q) => ({ answers: [address(q.name, "192.0.2.1", 0)] }), async (
  resolver,
  server,
) => {
  await Promise.all(["a.example", "A.EXAMPLE", "a.example."].map((name) => resolver.resolve(name, "A")));
  assert.equal(server.asked.length, 1);
  await resolver.resolve("a.example", "A");
  assert.equal(server.asked.length, 2, "a TTL of 0 is not kept");
});

each("keeps an answer while its TTL lasts, NXDOMAIN by its SOA, a failure for a moment", (q) => {
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

each("takes a truncated answer over TCP", (q) => ({
  answers: Array.from({ length: 200 }, (_, at) => address(q.name, `192.0.2.${at}`)),
}), async (resolver, server) => {
  const answer = await resolver.resolve("large.example", "A");
  assert.equal(answer.status === "ok" && answer.records.length, 200);
  assert.deepEqual(server.asked.map((one) => one.transport), ["udp", "tcp"]);
  assert.equal(server.asked[0]!.payload, 1232);
});

each("a datagram cut off in the middle with TC set is asked for over TCP", (q) => {
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

each("asks without EDNS where a server does not know it", (q) => (
  q.payload === 512 ? { answers: [address(q.name, "192.0.2.1")] } : { rcode: 1 }
), async (resolver, server) => {
  assert.equal((await resolver.resolve("old.example", "A")).status, "ok");
  assert.equal(server.asked.length, 2);
});

const right = (name: string): { answers: packet.Answer[] } => ({ answers: [address(name, "192.0.2.1")] });
const lie = (name: string): { answers: packet.Answer[] } => ({ answers: [address(name, "203.0.113.66")] });

async function notFooled(resolver: Resolver): Promise<void> {
  const answer = await resolver.resolve("target.example", "A");
  assert.deepEqual(answer.status === "ok" ? answer.records : answer, ["192.0.2.1"]);
}

each("passes over an answer with the wrong id", (q) => {
  q.send(encodeReply(q, lie(q.name), (q.id + 1) & 0xffff));
  return right(q.name);
}, notFooled);

each("passes over an answer to another question", (q) => {
  const other = { ...q, query: { ...q.query, questions: [{ name: "other.example", type: "A" as const }] } };
  q.send(encodeReply(other, lie(q.name)));
  return right(q.name);
}, notFooled);

each("passes over an answer from another port", (q) => {
  q.send(encodeReply(q, lie(q.name)), "elsewhere");
  setTimeout(() => q.send(encodeReply(q, right(q.name))), 50);
  return undefined;
}, notFooled);

each("passes over garbage and over its own query sent back", (q) => {
  q.send(new Uint8Array([1, 2, 3]));
  q.send(packet.encode({ type: "query", id: q.id, questions: q.query.questions ?? [] }));
  return right(q.name);
}, notFooled);

each("under a flood of forgeries it asks over TCP", (q) => {
  if (q.transport === "tcp") return right(q.name);
  for (let guess = 1; guess <= 20; guess++) q.send(encodeReply(q, lie(q.name), (q.id + guess) & 0xffff));
  return undefined;
}, async (resolver, server) => {
  await notFooled(resolver);
  assert.equal(server.asked.at(-1)!.transport, "tcp");
});

each("records of other names in an answer do not count", (q) => ({
  answers: [address("other.example", "203.0.113.66"), address(q.name, "192.0.2.1")],
}), notFooled);

each("an unreadable answer is a failure, not a throw", (q) => {
  const bytes = encodeReply(q, right(q.name));
  bytes.writeUInt16BE(40, 6); // forty answers, it says
  q.send(bytes);
  return undefined;
}, async (resolver) => {
  const answer = await resolver.resolve("garbled.example", "A");
  assert.equal(answer.status === "failure" && answer.reason, "malformed");
}, QUICK);

each("a server that only refers to others is no answer", () => ({
  flags: 0,
  authorities: [{ type: "NS", name: "example", class: "IN", ttl: 60, data: "ns.example" }],
}), async (resolver) => {
  const answer = await resolver.resolve("referred.example", "A");
  assert.equal(answer.status === "failure" && answer.reason, "refused");
});

each("follows a CNAME chain within one answer and takes its least TTL", (q) => ({
  answers: [alias(q.name, "b.example", 20), alias("B.example", "c.example"), address("c.EXAMPLE", "192.0.2.1")],
}), async (resolver) => {
  assert.deepEqual(await resolver.resolve("a.example", "A"), {
    status: "ok",
    name: "c.example",
    records: ["192.0.2.1"],
    ttl: 20,
  });
});

each("follows a CNAME chain over several answers", (q) => {
  const next: Record<string, string> = { "a.example": "b.example", "b.example": "c.example" };
  const target = next[q.name];
  return { answers: [target === undefined ? address(q.name, "192.0.2.1") : alias(q.name, target)] };
}, async (resolver, server) => {
  const answer = await resolver.resolve("a.example", "A");
  assert.equal(answer.status === "ok" && answer.name, "c.example");
  assert.equal(server.asked.length, 3);
});

each("a CNAME to nowhere is NXDOMAIN", (q) => ({
  rcode: 3,
  answers: [alias(q.name, "gone.example")],
  authorities: [soa(60, 60)],
}), async (resolver) => {
  assert.equal((await resolver.resolve("a.example", "A")).status, "nxdomain");
});

for (
  const [name, script] of Object.entries<Script>({
    "within one answer": () => ({ answers: [alias("a.example", "b.example"), alias("b.example", "a.example")] }),
    "over several answers": (q) => ({ answers: [alias(q.name, q.name === "a.example" ? "b.example" : "a.example")] }),
    "of one name": (q) => ({ answers: [alias(q.name, q.name)] }),
    "that never ends": (q) => ({ answers: [alias(q.name, `x${q.name}`)] }),
  })
) {
  each(`a CNAME loop ${name} is a failure`, script, async (resolver, server) => {
    const answer = await resolver.resolve("a.example", "A");
    assert.equal(answer.status === "failure" && answer.reason, "loop");
    assert.ok(server.asked.length <= 12, `${server.asked.length} questions`);
  });
}

each("sends U-labels as A-labels and does not send what is no name", (q) => right(q.name), async (resolver, server) => {
  await resolver.resolve("_dmarc.Bücher.example", "A");
  assert.deepEqual(server.asked.map((one) => one.name), ["_dmarc.xn--bcher-kva.example"]);
  for (const name of ["", ".", "a..example", `${"a".repeat(64)}.example`, "a\r\n.example", "a.".repeat(127) + "b"]) {
    const answer = await resolver.resolve(name, "A");
    assert.equal(answer.status === "failure" && answer.reason, "name", JSON.stringify(name));
  }
  assert.equal(server.asked.length, 1);
});

each("a name in an answer cannot carry a line break", () => ({
  answers: [{ type: "PTR", name: "1.2.0.192.in-addr.arpa", class: "IN", ttl: 60, data: "evil\r\nname x.example" }],
}), async (resolver) => {
  const answer = await resolver.resolve("1.2.0.192.in-addr.arpa", "PTR");
  assert.deepEqual(answer.status === "ok" && answer.records, ["evil\\013\\010name\\032x.example"]);
});

cases["a closed port and a silent server are passed over, and the one that answers is asked first next time"] =
  async () => {
    const silent = await scriptedServer(() => undefined);
    const alive = await scriptedServer((q) => right(q.name));
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
      q.send(encodeReply(q, right(q.name)));
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
