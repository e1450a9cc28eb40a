import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import packet from "dns-packet";
import { httpsResolver, type Resolver } from "../../src/dns/mod.ts";
import type { Cases } from "./case.ts";

/** DNS over HTTPS, against a server on loopback without the S. */
export const cases: Cases = {};

interface Told {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: (query: packet.DecodedPacket) => Uint8Array | undefined;
}

interface Seen {
  readonly id: number | undefined;
  readonly type: string | undefined;
}

function each(name: string, told: Told, body: (resolver: Resolver, seen: Seen[]) => Promise<void>): void {
  cases[`over HTTPS, ${name}`] = async () => {
    const seen: Seen[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const query = packet.decode(Buffer.concat(chunks));
        seen.push({ id: query.id, type: request.headers["content-type"] });
        const bytes = (told.body ?? answer)(query);
        if (bytes === undefined) return; // says nothing
        response.writeHead(told.status ?? 200, { "content-type": "application/dns-message", ...told.headers });
        response.end(bytes);
      });
    });
    await new Promise<void>((go) => server.listen(0, "127.0.0.1", go));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dns-query`;
      await body(httpsResolver(url, { deadline: 500 }), seen);
    } finally {
      server.closeAllConnections();
      await new Promise<void>((go) => server.close(() => go()));
    }
  };
}

function answer(query: packet.DecodedPacket): Uint8Array {
  return packet.encode({
    type: "response",
    id: query.id ?? 0,
    flags: packet.RECURSION_AVAILABLE,
    questions: query.questions ?? [],
    answers: [{ type: "A", name: query.questions![0]!.name, class: "IN", ttl: 60, data: "192.0.2.1" }],
  });
}

async function reasonFor(resolver: Resolver): Promise<string> {
  const given = await resolver.resolve("a.example", "A");
  return given.status === "failure" ? given.reason : given.status;
}

each("asks by POST with id 0 and takes the time in caches off the TTL", { headers: { age: "25" } }, async (
  resolver,
  seen,
) => {
  assert.deepEqual(await resolver.resolve("a.example", "A"), {
    status: "ok",
    name: "a.example",
    records: ["192.0.2.1"],
    ttl: 35,
  });
  assert.deepEqual(seen, [{ id: 0, type: "application/dns-message" }]);
  await resolver.resolve("a.example", "A");
  assert.equal(seen.length, 1, "the second answer is from the cache");
});

each("a web page is no answer", { headers: { "content-type": "text/html" } }, async (resolver) => {
  assert.equal(await reasonFor(resolver), "malformed");
});

each("an answer to another question is no answer", {
  body: (query) => answer({ ...query, questions: [{ name: "b.example", type: "A" }] }),
}, async (resolver) => {
  assert.equal(await reasonFor(resolver), "malformed");
});

each("garbage is no answer", { body: () => new Uint8Array(70_000) }, async (resolver) => {
  assert.equal(await reasonFor(resolver), "malformed");
});

each("a 503 is tried once more", { status: 503 }, async (resolver, seen) => {
  assert.equal(await reasonFor(resolver), "network");
  assert.equal(seen.length, 2);
});

each("a 403 is a refusal", { status: 403 }, async (resolver, seen) => {
  assert.equal(await reasonFor(resolver), "refused");
  assert.equal(seen.length, 1);
});

each("silence is a timeout", { body: () => undefined }, async (resolver) => {
  assert.equal(await reasonFor(resolver), "timeout");
});

cases["over HTTPS, only loopback goes without TLS"] = async () => {
  await assert.rejects(async () => await reasonFor(httpsResolver("http://dns.example/dns-query")), TypeError);
};
