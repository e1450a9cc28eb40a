import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { BodyHash, hashBody } from "../../src/middleware/authenticate/body.ts";
import type { Canonicalization } from "../../src/middleware/authenticate/canonical.ts";
import { KeyLookups } from "../../src/middleware/authenticate/keys.ts";
import { verifySignatures } from "../../src/middleware/authenticate/verify.ts";
import type { Content } from "../../src/session/content.ts";
import { staticResolver } from "postern/dns";

/** RFC 6376 sections 3.4.3 and 3.4.4, word by word. */
function canonical(text: string, how: Canonicalization): string {
  const lines = text.split("\r\n");
  const clean = how === "simple" ? lines : lines.map((line) => line.replace(/[ \t]+/g, " ").replace(/ $/, ""));
  while (clean.at(-1) === "") clean.pop();
  return clean.length === 0 && how === "relaxed" ? "" : `${clean.join("\r\n")}\r\n`;
}

const sha256 = (text: string): string => createHash("sha256").update(text, "latin1").digest("hex");

const texts = fc.array(
  fc.constantFrom("\r\n", "\r\n\r\n", " ", "\t", "a", "\r", "\n", "\xa0", "bc", "x".repeat(20_000)),
);

test.each<Canonicalization>(["simple", "relaxed"])("%s text is hashed as the RFC says, however it is cut", (how) => {
  fc.assert(fc.property(texts, fc.integer({ min: 1, max: 7000 }), fc.array(fc.nat(30)), (parts, size, lengths) => {
    const text = parts.join("");
    const octets = Buffer.from(text, "latin1");
    const hash = new BodyHash(how, lengths);
    for (let at = 0; at < octets.length; at += size) hash.update(octets.subarray(at, at + size));
    const { length, digests } = hash.digest();
    const expected = canonical(text, how);
    expect(length).toBe(expected.length);
    expect(digests.get(length)!.toString("hex")).toBe(sha256(expected));
    for (const some of lengths.filter((one) => one <= length)) {
      expect(digests.get(some)!.toString("hex")).toBe(sha256(expected.slice(0, some)));
    }
  }));
});

/** A message whose text is one line, and how many pieces of it were read. */
function longLine(header: string, pieces: number): { content: Content; read(): number } {
  const octets = Buffer.from(header, "latin1");
  const piece = Buffer.alloc(64 * 1024, "a");
  let count = 0;
  async function* read(): AsyncGenerator<Uint8Array> {
    yield Buffer.concat([octets, Buffer.from("\r\n")]);
    for (; count < pieces; count++) yield piece;
  }
  const size = octets.length + 2 + pieces * piece.length;
  return { content: { header: octets, size, read } as unknown as Content, read: () => count };
}

test("a line of many megabytes under many signatures is read in its length, and others have their turn", async () => {
  const fields = Array.from(
    { length: 10 },
    (_, at) =>
      `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=e${at}.test; s=s; h=from; l=${at}; bh=YQ==; b=YQ==\r\n`,
  );
  const { content } = longLine(`${fields.join("")}From: a@x.test\r\n`, 400);
  const keys = new KeyLookups(staticResolver({}), new AbortController().signal);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const { dkim } = await verifySignatures(content, keys, Date.now());
  clearInterval(timer);
  expect(dkim.map(({ result }) => result)).toEqual(Array(10).fill("fail"));
  // All of them between two pieces of the text.
  expect(turns).toBeGreaterThan(10);
}, 30_000);

test("nobody reads on when the time is up", async () => {
  const { content, read } = longLine("From: a@x.test\r\n", 400);
  const over = new AbortController();
  setTimeout(() => over.abort(), 5);
  expect(await hashBody(content, new Map([["relaxed", []]]), over.signal)).toBeUndefined();
  expect(read()).toBeLessThan(400);
});
