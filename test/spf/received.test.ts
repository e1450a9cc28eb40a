import { expect, test } from "bun:test";
import { receivedSpf, type SpfVerdict } from "../../src/spf/mod.ts";

const verdict: SpfVerdict = {
  result: "pass",
  identity: "mailfrom",
  domain: "example.com",
  sender: "me@example.com",
  helo: "mx.example.com",
  ip: "192.0.2.1",
  mechanism: "ip4:192.0.2.0/24",
};

const unfold = (field: string): string => field.replace(/\r\n(?=[ \t])/g, "");

test("the field as RFC 7208 section 9.1 writes it", () => {
  expect(unfold(receivedSpf(verdict, "mx.example.org"))).toBe(
    "Received-SPF: pass (mx.example.org: example.com designates 192.0.2.1 as permitted sender) " +
      'client-ip=192.0.2.1; envelope-from="me@example.com"; helo=mx.example.com; receiver=mx.example.org; ' +
      'identity=mailfrom; mechanism="ip4:192.0.2.0/24"\r\n',
  );
});

test("an IPv6 address is no dot-atom and is quoted", () => {
  expect(receivedSpf({ ...verdict, ip: "2001:db8::1" }, "mx.example.org")).toContain('client-ip="2001:db8::1"');
});

test.each(["fail", "softfail", "neutral", "none", "temperror", "permerror"] as const)(
  "%s has its sentence",
  (result) => {
    const { mechanism: _, ...rest } = verdict;
    const field = receivedSpf({ ...rest, result, problem: "two records" }, "mx.example.org");
    expect(field).toStartWith(`Received-SPF: ${result} (mx.example.org: `);
    expect(unfold(field)).toEndWith('; problem="two records"\r\n');
  },
);

const EVIL = 'a"b\\c)(\r\nBcc: x@y\0\u0085é;\t helo=z';

test.each(["sender", "helo", "domain", "mechanism", "problem"] as const)("%s cannot break out of the field", (key) => {
  const field = receivedSpf({ ...verdict, [key]: EVIL }, "mx.example.org");
  const lines = field.slice(0, -2).split("\r\n");
  expect(lines.slice(1).every((line) => /^ \S/.test(line))).toBe(true);
  expect(field.replaceAll("\r\n", "")).toMatch(/^[ -~]+$/);
  // Take quoted strings and the comment out: what stays must be the keys alone.
  const bare = unfold(field).replace(/\((?:[^()\\]|\\.)*\)/, "()").replace(/"(?:[^"\\]|\\.)*"/g, "Q");
  expect(bare).toMatch(/^Received-SPF: pass \(\)(?: [a-z-]+=[\w.]+;)* [a-z-]+=[\w.]+\r\n$/);
  expect(bare.match(/helo=/g)).toHaveLength(1);
});

test("no line is too long, whatever the client says", () => {
  const long = { ...verdict, helo: "h".repeat(5000), sender: `${"s ".repeat(3000)}@example.com` };
  for (const line of receivedSpf(long, "mx.example.org").split("\r\n")) expect(line.length).toBeLessThan(998);
});
