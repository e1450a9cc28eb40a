import { describe, expect, test } from "bun:test";
import { isWithin, reverseLabels, reverseName, sameName, wireName } from "../../src/dns/mod.ts";

describe("wireName", () => {
  test.each([
    ["example.com", "example.com"],
    ["Example.COM.", "Example.COM"],
    ["_dmarc.bücher.example", "_dmarc.xn--bcher-kva.example"],
    ["例え。テスト", "xn--r8jz45g.xn--zckzah"],
    ["with space.example", "with space.example"],
    ["foo:bar/baz.example", "foo:bar/baz.example"],
    [`${"a".repeat(63)}.example`, `${"a".repeat(63)}.example`],
  ])("%j goes out as %j", (name, wire) => expect(wireName(name)).toBe(wire));

  test.each([
    "",
    ".",
    "a..b",
    ".a",
    `${"a".repeat(64)}.example`,
    `${"a.".repeat(126)}ab`,
    "a\nb.example",
    "a\0b.example",
    "bücher.example:25",
    "bücher%2eexample",
    "bücher.example/path",
    "user@bücher.example",
  ])("%j cannot go out", (name) => expect(wireName(name)).toBeUndefined());
});

describe("names are compared", () => {
  test("in either case and with or without the final dot", () => {
    expect(sameName("A.Example.", "a.example")).toBe(true);
    expect(sameName("a.example", "b.example")).toBe(false);
  });

  test("by whole labels", () => {
    expect(isWithin("mail.Example.com", "example.COM.")).toBe(true);
    expect(isWithin("example.com", "example.com")).toBe(true);
    expect(isWithin("badexample.com", "example.com")).toBe(false);
  });
});

describe("reverse names", () => {
  test.each([
    ["192.0.2.1", "1.2.0.192.in-addr.arpa"],
    ["::ffff:192.0.2.1", "1.2.0.192.in-addr.arpa"],
    ["2001:db8::1", `1.${"0.".repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`],
  ])("%s is asked for as %s", (address, name) => expect(reverseName(address)).toBe(name));

  test("serve block lists as well", () => {
    expect(reverseLabels("192.0.2.1", "bl.example")).toBe("1.2.0.192.bl.example");
  });

  test("what is no address throws", () => {
    expect(() => reverseName("example.com")).toThrow(TypeError);
  });
});
