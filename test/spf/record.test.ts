import { describe, expect, test } from "bun:test";
import { parseRecord, selectRecords } from "../../src/spf/mod.ts";

test("a record begins with its version and a space, or is nothing else", () => {
  const texts = ["v=spf1", "V=SPF1 -all", "v=spf10 -all", " v=spf1", "v=spf1\t-all", "other"];
  expect(selectRecords(texts)).toEqual(["v=spf1", "V=SPF1 -all"]);
});

describe("parseRecord", () => {
  test("gives directives in order, and the modifiers", () => {
    expect(parseRecord("v=spf1 ip4:192.0.2.0/24  ~A:%{d}.example.com/28//64 exp=e.example.com -all ")).toEqual({
      directives: [
        {
          qualifier: "+",
          mechanism: { kind: "ip4", network: "192.0.2.0", prefix: 24 },
          text: "ip4:192.0.2.0/24",
        },
        {
          qualifier: "~",
          mechanism: {
            kind: "a",
            target: [{ letter: "d", escape: false, keep: 0, reverse: false, delimiters: "." }, ".example.com"],
            prefix4: 28,
            prefix6: 64,
          },
          text: "A:%{d}.example.com/28//64",
        },
        { qualifier: "-", mechanism: { kind: "all" }, text: "all" },
      ],
      redirect: undefined,
      explanation: ["e.example.com"],
    });
  });

  test.each([
    "ip4:192.0.2.0/24",
    "ip4:0.0.0.0/0",
    "ip6:2001:db8::/32",
    "ip6:::",
    "ip6:::ffff:192.0.2.1",
    "a",
    "a/24",
    "a//64",
    "a/24//64",
    "a:%{d}",
    "a:%{l1r+-}._spf.%{d2}",
    "a:example.com.",
    "a:a--b.example.x1",
    "mx:%{d}/24",
    "ptr:example.com",
    "exists:%{ir}.%{v}._spf.%{d}",
    "redirect=%{d}.example.com",
    "unknown=anything/at:all=%%",
    "include:a%%b.example.com",
  ])("takes %s", (term) => expect(parseRecord(`v=spf1 ${term}`)).not.toHaveProperty("problem"));

  test.each([
    "all:",
    "al",
    "+",
    "include",
    "include:",
    "include:com",
    "include:example.com/24",
    "a:",
    "a:192.0.2.1",
    "a/33",
    "a//129",
    "a/024",
    "a/24/64",
    "a:example.-com",
    "a:example.com-",
    "a:%{d0}.example.com",
    "a:%{x}.example.com",
    "a:%{c}.example.com",
    "a:%{d.example.com",
    "a:%{d}x",
    "a:100%%-",
    "ip4",
    "ip4:192.0.2",
    "ip4:192.0.02.1",
    "ip4:0x7f.0.0.1",
    "ip4:192.0.2.1//32",
    "ip6:192.0.2.1",
    "ip6:2001:db8::/129",
    "ip6:1:2:3:4:5:6:7:8:9",
    "ip6:1::2::3",
    "ip6:fe80::1%eth0",
    "redirect=",
    "redirect=com",
    "-redirect=example.com",
    "redirect=a.example redirect=b.example",
    "exp=a.example exp=a.example",
    "-unknown=value",
    "unknown=%",
    "unknown=caf\xe9",
    "2nd=value",
    "ptr/24",
    "a:ex\tample.com",
    "-all\0",
  ])("refuses %j", (term) => {
    const record = parseRecord(`v=spf1 ${term}`) as { problem?: string };
    expect(record.problem).toBeString();
    expect(record.problem).toMatch(/^[ -~…]+$/);
  });
});
