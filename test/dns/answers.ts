import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type packet from "dns-packet";
import { address, alias, type Cases, each } from "./case.ts";
import { type Script, soa } from "./server.ts";

/** What the resolver makes of what servers say. */
export const cases: Cases = {};

each(cases, "gives the records of the type asked for, with their least TTL", (q) => ({
  answers: [address(q.name, "192.0.2.1", 60), address(q.name, "192.0.2.2", 30)],
}), async (resolver) => {
  assert.deepEqual(await resolver.resolve("Host.Example.", "A"), {
    status: "ok",
    name: "host.example",
    records: ["192.0.2.1", "192.0.2.2"],
    ttl: 30,
  });
});

each(cases, "reads MX, PTR, AAAA and the null MX", (q) => {
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

each(cases, "joins the strings of one TXT record and keeps records apart", (q) => ({
  answers: [["one ", "two"], ["three"], [Buffer.from([0x80, 0xff])]].map((data) => (
    { type: "TXT", name: q.name, class: "IN", ttl: 60, data } as packet.Answer
  )),
}), async (resolver) => {
  const answer = await resolver.resolve("txt.example", "TXT");
  assert.equal(answer.status, "ok");
  assert.deepEqual(answer.status === "ok" && answer.records, ["one two", "three", "\x80\xff"]);
});

each(cases, "tells NXDOMAIN from NODATA from SERVFAIL from REFUSED", (q) => {
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

each(cases, "follows a CNAME chain within one answer and takes its least TTL", (q) => ({
  answers: [alias(q.name, "b.example", 20), alias("B.example", "c.example"), address("c.EXAMPLE", "192.0.2.1")],
}), async (resolver) => {
  assert.deepEqual(await resolver.resolve("a.example", "A"), {
    status: "ok",
    name: "c.example",
    records: ["192.0.2.1"],
    ttl: 20,
  });
});

each(cases, "follows a CNAME chain over several answers", (q) => {
  const next: Record<string, string> = { "a.example": "b.example", "b.example": "c.example" };
  const target = next[q.name];
  return { answers: [target === undefined ? address(q.name, "192.0.2.1") : alias(q.name, target)] };
}, async (resolver, server) => {
  const answer = await resolver.resolve("a.example", "A");
  assert.equal(answer.status === "ok" && answer.name, "c.example");
  assert.equal(server.asked.length, 3);
});

each(cases, "a CNAME to nowhere is NXDOMAIN", (q) => ({
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
  each(cases, `a CNAME loop ${name} is a failure`, script, async (resolver, server) => {
    const answer = await resolver.resolve("a.example", "A");
    assert.equal(answer.status === "failure" && answer.reason, "loop");
    assert.ok(server.asked.length <= 12, `${server.asked.length} questions`);
  });
}

each(
  cases,
  "sends U-labels as A-labels and does not send what is no name",
  (q) => ({ answers: [address(q.name, "192.0.2.1")] }),
  async (resolver, server) => {
    await resolver.resolve("_dmarc.Bücher.example", "A");
    assert.deepEqual(server.asked.map((one) => one.name), ["_dmarc.xn--bcher-kva.example"]);
    for (const name of ["", ".", "a..example", `${"a".repeat(64)}.example`, "a\r\n.example", "a.".repeat(127) + "b"]) {
      const answer = await resolver.resolve(name, "A");
      assert.equal(answer.status === "failure" && answer.reason, "name", JSON.stringify(name));
    }
    assert.equal(server.asked.length, 1);
  },
);

each(cases, "a name in an answer cannot carry a line break", () => ({
  answers: [{ type: "PTR", name: "1.2.0.192.in-addr.arpa", class: "IN", ttl: 60, data: "evil\r\nname x.example" }],
}), async (resolver) => {
  const answer = await resolver.resolve("1.2.0.192.in-addr.arpa", "PTR");
  assert.deepEqual(answer.status === "ok" && answer.records, ["evil\\013\\010name\\032x.example"]);
});
