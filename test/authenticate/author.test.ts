/** Whose policy is asked for is whom readers see. */

import { expect, test } from "bun:test";
import { simpleParser } from "mailparser";
import { authorDomains } from "../../src/middleware/authenticate/author.ts";
import { parseHeader } from "../../src/protocol/header.ts";

const bytes = (from: string): Uint8Array => new TextEncoder().encode(`From: ${from}\r\n`);

function domainsIn(from: string): readonly string[] | undefined {
  return authorDomains(parseHeader(bytes(from)).map(({ value }) => value));
}

interface Shown {
  readonly address?: string | undefined;
  readonly group?: readonly Shown[] | undefined;
}

/** The domains of all addresses that mailparser shows to whoever calls `mail.parse()`. */
async function shownIn(from: string): Promise<string[]> {
  const mail = await simpleParser(Buffer.from(`From: ${from}\r\n\r\nx`));
  const addresses = ({ address = "", group = [] }: Shown): string[] => [address, ...group.flatMap(addresses)];
  return ((mail.from?.value ?? []) as readonly Shown[]).flatMap(addresses).filter((address) => address !== "")
    .map((address) => address.slice(address.lastIndexOf("@") + 1).trim().replace(/\.$/, "").toLowerCase());
}

test.each<[string, string[]]>([
  ["ceo@bank.test", ["bank.test"]],
  ["The CEO <ceo@Bank.test>", ["bank.test"]],
  ["<ceo@bank.test>", ["bank.test"]],
  ['"CEO, ceo@bank.test" <x@evil.test>', ["evil.test"]],
  ["ceo@bank.test <x@evil.test>", ["evil.test"]],
  ["[Support] News: Dr. O'Neill <x@evil.test>", ["evil.test"]],
  ["ceo@bank.test (x@evil.test)", ["bank.test"]],
  ["(x@evil.test (a) \\) ) ceo (b) @ (c) bank.test", ["bank.test"]],
  ['"the ceo"@bank.test', ["bank.test"]],
  ['"x@evil.test"@bank.test', ["bank.test"]],
  ['CEO <"x\\"@evil.test"@bank.test>', ["bank.test"]],
  ["a..b.@bank.test.", ["bank.test"]],
  ["=?utf-8?q?ceo=40bank.test?= <x@evil.test>", ["evil.test"]],
  ["a@bank.test, B <b@evil.test>", ["bank.test", "evil.test"]],
  ["Staff: a@bank.test, b@evil.test;", ["bank.test", "evil.test"]],
  ["<a@bank.test> <b@evil.test>", ["bank.test", "evil.test"]],
])("%p is of %p", async (from, domains) => {
  expect(domainsIn(from)).toEqual(domains);
  for (const shown of await shownIn(from)) expect(domains).toContain(shown);
});

test.each([
  "ceo@bank.test x@evil.test",
  "ceo@bank.test [x@evil.test",
  "ceo@bank.test\t[@evil.test",
  "CEO ceo@bank.test [x@evil.test",
  "ceo@bank.test @evil.test",
  "ceo@bank.test@evil.test",
  "ceo@bank.test .evil.test",
  "ceo@bank.test(.)evil.test",
  "<ceo@bank.test x@evil.test>",
  "<ceo@bank.test <x@evil.test>",
  "CEO <ceo@bank.test> x@evil.test",
  "<ceo@bank.test>@evil.test",
  "ceo <x@evil.test",
  "ceo@bank.test: x@evil.test;",
  "ceo@[bank.test] <x@evil.test>",
  "<@bank.test:x@evil.test>",
  '\\"ceo@bank.test" <x@evil.test>',
  'ceo@bank.test" <x@evil.test>',
  "ceo@bank.test) <x@evil.test>",
  "x@evil.test (ceo@bank.test",
  '"ceo"x@evil.test',
  "the ceo@evil.test",
  "=?utf-8?q?ceo=40bank.test?=@evil.test",
])("%p is of nobody that could be named", (from) => {
  expect(domainsIn(from)).toBeUndefined();
});

const parts = [
  ...['"', "<", ">", "(", ")", ",", ";", ":", "@", "[", "]", "@[", ".", "\\", "'", " ", "\t"],
  ...["name", "ceo", "bank.test", "evil.test", "@evil.test", "ceo@bank.test", "x@evil.test", "<ceo@bank.test>"],
  ...["<x@evil.test>", '"ceo@bank.test"', "(ceo@bank.test)", "=?utf-8?q?", "?=", "=?utf-8?q?=2C?="],
  ...["=?utf-8?q?ceo=40bank.test?=", "=?utf-8?b?PGNlb0BiYW5rLnRlc3Q+?="],
];

/** Values of up to seven parts, the same ones each time. */
function* values(count: number): Generator<string> {
  let state = 7;
  const next = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  for (; count > 0; count--) {
    let value = "";
    for (let length = 1 + next(7); length > 0; length--) value += parts[next(parts.length)];
    yield value;
  }
}

test("of whatever is put together, mailparser shows no author that is not asked about", async () => {
  let taken = 0;
  for (const from of values(20_000)) {
    const domains = domainsIn(from);
    if (domains === undefined) continue;
    if (domains.length > 0) taken++;
    const strangers = (await shownIn(from)).filter((domain) => !domains.includes(domain));
    expect({ from, strangers }).toEqual({ from, strangers: [] });
  }
  expect(taken).toBeGreaterThan(500);
});
