import { describe, expect } from "bun:test";
import { isInternationalized, type Mailbox, parsePath, type Path } from "../../src/protocol/path.ts";
import { each } from "./each.ts";

function path(address: string, local: string, domain: string, rest = ""): Path {
  return { mailbox: { address, local, domain }, rest };
}

/** An address in brackets of exactly so many octets. */
function pathOf(octets: number): string {
  return `<${"l".repeat(octets - 9)}@x.test>`;
}

describe("a path (RFC 5321 section 4.1.2)", () => {
  each<[text: string, expected: Path]>("read", [
    ["<a@x.test>", path("a@x.test", "a", "x.test")],
    ["<a@x.test> SIZE=3", path("a@x.test", "a", "x.test", " SIZE=3")],
    ["<a@x.test>junk", path("a@x.test", "a", "x.test", "junk")],
    ["<a@x.test>>", path("a@x.test", "a", "x.test", ">")],
    ["<>", { mailbox: null, rest: "" }],
    ["<> BODY=7BIT", { mailbox: null, rest: " BODY=7BIT" }],
    ["<A.B+c@X.Test>", path("A.B+c@X.Test", "A.B+c", "X.Test")],
    ["<!#$%&'*+-/=?^_`{|}~@x.test>", path("!#$%&'*+-/=?^_`{|}~@x.test", "!#$%&'*+-/=?^_`{|}~", "x.test")],
    ["<__proto__@x.test>", path("__proto__@x.test", "__proto__", "x.test")],
    // Row 32
    ["<Postmaster>", path("Postmaster", "Postmaster", "")],
    ["<pOsTmAsTeR>", path("pOsTmAsTeR", "pOsTmAsTeR", "")],
    ['<"postmaster">', path('"postmaster"', "postmaster", "")],
    ["<postmaster@y.test>", path("postmaster@y.test", "postmaster", "y.test")],
    // Row 34, appendix C
    ["<@hop1.test,@hop2.test:u@y.test>", path("u@y.test", "u", "y.test")],
    ["<@[127.0.0.1]:u@y.test>", path("u@y.test", "u", "y.test")],
    ["<@[IPv6:::1],@h.test:u@y.test> X=1", path("u@y.test", "u", "y.test", " X=1")],
    ["<@h.test:postmaster>", path("postmaster", "postmaster", "")],
    ['<@h.test:"a@b:c"@y.test>', path('"a@b:c"@y.test', "a@b:c", "y.test")],
    // Row 35
    ['<"john doe"@y.test>', path('"john doe"@y.test', "john doe", "y.test")],
    ['<"a\\"b"@y.test>', path('"a\\"b"@y.test', 'a"b', "y.test")],
    ['<"a\\\\"@y.test>', path('"a\\\\"@y.test', "a\\", "y.test")],
    ['<"\\a\\ \\@"@y.test>', path('"\\a\\ \\@"@y.test', "a @", "y.test")],
    ['<"<>"@y.test>', path('"<>"@y.test', "<>", "y.test")],
    ['<"> RCPT TO:<x@y.test"@y.test>', path('"> RCPT TO:<x@y.test"@y.test', "> RCPT TO:<x@y.test", "y.test")],
    ['<".."@y.test>', path('".."@y.test', "..", "y.test")],
    ['<" "@y.test>', path('" "@y.test', " ", "y.test")],
    // Row 36
    ["<u@[127.0.0.1]>", path("u@[127.0.0.1]", "u", "[127.0.0.1]")],
    ["<u@[IPv6:2001:db8::1]>", path("u@[IPv6:2001:db8::1]", "u", "[IPv6:2001:db8::1]")],
    // Row 41, RFC 6531 section 3.3: nothing is normalized, nothing is folded.
    ["<用户@例子.广告>", path("用户@例子.广告", "用户", "例子.广告")],
    ["<u\u0308@x.test>", path("u\u0308@x.test", "u\u0308", "x.test")],
    ["<\u212a\u017f\u0130@x.test>", path("\u212a\u017f\u0130@x.test", "\u212a\u017f\u0130", "x.test")],
    ["<１２@x.test>", path("１２@x.test", "１２", "x.test")],
    ["<😀@x.test>", path("😀@x.test", "😀", "x.test")],
    ['<"ü 😀"@x.test>', path('"ü 😀"@x.test', "ü 😀", "x.test")],
    // Row 37: the path counts, the local part alone does not.
    [`<${"l".repeat(64)}@x.test>`, path(`${"l".repeat(64)}@x.test`, "l".repeat(64), "x.test")],
    [`<${"l".repeat(65)}@x.test>`, path(`${"l".repeat(65)}@x.test`, "l".repeat(65), "x.test")],
    [pathOf(255), path(pathOf(255).slice(1, -1), "l".repeat(246), "x.test")],
    [pathOf(256), path(pathOf(256).slice(1, -1), "l".repeat(247), "x.test")],
    [`<${"ü".repeat(123)}@x.test>`, path(`${"ü".repeat(123)}@x.test`, "ü".repeat(123), "x.test")],
  ], (text, expected) => expect(parsePath(text)).toEqual(expected));

  each("no path at all (row 33)", [
    [""],
    ["a@x.test"],
    [" <a@x.test>"],
    ["\t<a@x.test>"],
    ['"<a@x.test>"'],
    ["＜a@x.test＞"],
    [">a@x.test<"],
  ], (text) => expect(parsePath(text)).toBe("syntax"));

  each("no address", [
    ["<"],
    ["<a"],
    ["<a>"],
    ["<a@x.test"],
    ["<a@>"],
    ["<@x.test>"],
    ["<@>"],
    ["< >"],
    ["< a@x.test>"],
    ["<a@x.test >"],
    ["<a @x.test>"],
    ["<a@ x.test>"],
    ["<<a@x.test>>"],
    ["<a@b@x.test>"],
    ["<a,b@x.test>"],
    ["<a;b@x.test>"],
    ["<a:b@x.test>"],
    ["<a(c)@x.test>"],
    ["<.a@x.test>"],
    ["<a.@x.test>"],
    ["<a..b@x.test>"],
    ["<a\\b@x.test>"],
    ["<[a]@x.test>"],
    ["<postmaster@>"],
    ["<postmasters>"],
    ["<po\u017ftmaster>"],
    ["<po\u017ftma\u017fter>"],
    // Quoted strings
    ['<"a@x.test>'],
    ['<"a"b@x.test>'],
    ['<a"b"@x.test>'],
    ['<"a"."b"@x.test>'],
    ['<"a"b"@x.test>'],
    ['<"a\\"@x.test>'],
    ['<""@x.test>'],
    ['<"a\\\x01"@x.test>'],
    ['<"a\\ü"@x.test>'],
    // Source routes
    ["<@h.test u@y.test>"],
    ["<@h.test:>"],
    ["<@:u@y.test>"],
    ["<@h.test,:u@y.test>"],
    ["<@h.test,h2.test:u@y.test>"],
    ["<h.test:u@y.test>"],
    ["<@h.test:@h2.test:u@y.test>"],
    ["<@-:u@y.test>"],
    // Row 36
    ["<u@[1.2.3]>"],
    ["<u@[IPv6:zz]>"],
    ["<u@[1.2.3.4>"],
    ["<u@1.2.3.4]>"],
    ["<u@[1.2.3.4]x>"],
    // Row 38
    ["<a\0@x.test>"],
    ["<a\r@x.test>"],
    ["<a\n@x.test>"],
    ["<a\t@x.test>"],
    ["<a\x7f@x.test>"],
    ["<a@x\0.test>"],
    ["<a@x.test\r>"],
    ['<"a\0"@x.test>'],
    ['<"a\\\0"@x.test>'],
    ['<"a\r\nb"@x.test>'],
    ['<"\t"@x.test>'],
    // C1 controls are none of RFC 6531's letters to us, and half a surrogate pair is no letter at all.
    ["<a\u0085@x.test>"],
    ['<"\u009f"@x.test>'],
    ["<a\ud800@x.test>"],
    ["<\udc00\ud800@x.test>"],
    ['<"\ud83d"@x.test>'],
    // Row 37
    [pathOf(257)],
    [`<${"ü".repeat(124)}@x.test>`],
    [`<a@${"d".repeat(64)}.test>`],
    [`<a@${"d.".repeat(128)}test>`],
    // Long and adversarial: each ends in the character that does not fit.
    [`<${"a".repeat(100_000)}`],
    [`<${"a.".repeat(50_000)}@x.test>`],
    [`<"${"a".repeat(50_000)}`],
    [`<"${'\\"'.repeat(5_000)}@x.test>`],
    [`<${"@a,".repeat(30_000)}:u@y.test>`],
    [`<@${"[".repeat(100_000)}`],
  ], (text) => expect(parsePath(text)).toBe("address"));

  each<[address: string, expected: boolean]>("needs SMTPUTF8 (RFC 6531 section 3.4, row 40)", [
    ["a@x.test", false],
    ['"a b"@x.test', false],
    ["ü@x.test", true],
    ["a@bücher.test", true],
    ["a@xn--bcher-kva.test", false],
  ], (address, expected) => {
    expect(isInternationalized({ address, local: "", domain: "" } satisfies Mailbox)).toBe(expected);
  });
});
