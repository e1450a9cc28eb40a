import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import packet from "dns-packet";
import type { Resolver } from "../../src/dns/mod.ts";
import { address, type Cases, each } from "./case.ts";
import { encodeReply } from "./server.ts";

/** Forged, foreign and broken answers. */
export const cases: Cases = {};

/** Short enough that a case with a timeout is quick, long enough for a busy machine. */
const QUICK = { timeout: 250, attempts: 1 };

const right = (name: string): { answers: packet.Answer[] } => ({ answers: [address(name, "192.0.2.1")] });
const lie = (name: string): { answers: packet.Answer[] } => ({ answers: [address(name, "203.0.113.66")] });

async function notFooled(resolver: Resolver): Promise<void> {
  const answer = await resolver.resolve("target.example", "A");
  assert.deepEqual(answer.status === "ok" ? answer.records : answer, ["192.0.2.1"]);
}

each(cases, "passes over an answer with the wrong id", (q) => {
  q.send(encodeReply(q, lie(q.name), (q.id + 1) & 0xffff));
  return right(q.name);
}, notFooled);

each(cases, "passes over an answer to another question", (q) => {
  const other = { ...q, query: { ...q.query, questions: [{ name: "other.example", type: "A" as const }] } };
  q.send(encodeReply(other, lie(q.name)));
  return right(q.name);
}, notFooled);

each(cases, "passes over an answer from another port", (q) => {
  q.send(encodeReply(q, lie(q.name)), "elsewhere");
  setTimeout(() => q.send(encodeReply(q, right(q.name))), 50);
  return undefined;
}, notFooled);

each(cases, "passes over garbage and over its own query sent back", (q) => {
  q.send(new Uint8Array([1, 2, 3]));
  q.send(packet.encode({ type: "query", id: q.id, questions: q.query.questions ?? [] }));
  return right(q.name);
}, notFooled);

each(cases, "under a flood of forgeries it asks over TCP", (q) => {
  if (q.transport === "tcp") return right(q.name);
  for (let guess = 1; guess <= 20; guess++) q.send(encodeReply(q, lie(q.name), (q.id + guess) & 0xffff));
  return undefined;
}, async (resolver, server) => {
  await notFooled(resolver);
  assert.equal(server.asked.at(-1)!.transport, "tcp");
});

each(cases, "records of other names in an answer do not count", (q) => ({
  answers: [address("other.example", "203.0.113.66"), address(q.name, "192.0.2.1")],
}), notFooled);

each(cases, "an unreadable answer is a failure, not a throw", (q) => {
  const bytes = encodeReply(q, right(q.name));
  bytes.writeUInt16BE(40, 6); // forty answers, it says
  q.send(bytes);
  return undefined;
}, async (resolver) => {
  const answer = await resolver.resolve("garbled.example", "A");
  assert.equal(answer.status === "failure" && answer.reason, "malformed");
}, QUICK);

each(cases, "octets after the message, or a record that runs past its end, make it unreadable", (q) => {
  const text: packet.Answer = { type: "TXT", name: q.name, class: "IN", ttl: 60, data: ["v=spf1 -all"] };
  const bytes = encodeReply(q, { answers: [text] });
  q.send(q.name === "short.example" ? bytes.subarray(0, -4) : Buffer.concat([bytes, Buffer.from("more")]));
  return undefined;
}, async (resolver) => {
  for (const name of ["short.example", "long.example"]) {
    const answer = await resolver.resolve(name, "TXT");
    assert.equal(answer.status === "failure" && answer.reason, "malformed", name);
  }
}, QUICK);

each(cases, "a server that only refers to others is no answer", () => ({
  flags: 0,
  authorities: [{ type: "NS", name: "example", class: "IN", ttl: 60, data: "ns.example" }],
}), async (resolver) => {
  const answer = await resolver.resolve("referred.example", "A");
  assert.equal(answer.status === "failure" && answer.reason, "refused");
});
