import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatReply, type Reply } from "../../src/protocol/reply.ts";
import { each } from "./each.ts";

/** What "250 2.0.0 " and CRLF leave of a line of 512 octets. */
const room = 512 - "250 2.0.0 \r\n".length;

function reply(text: Reply["text"]): Reply {
  return { code: 250, enhanced: "2.0.0", text };
}

describe("a reply (RFC 5321 section 4.2, RFC 2034 section 4)", () => {
  each<[reply: Reply, wire: string]>("as it goes on the wire", [
    [{ code: 250, enhanced: "2.1.0", text: "Ok" }, "250 2.1.0 Ok\r\n"],
    [{ code: 354, text: "Go on" }, "354 Go on\r\n"],
    [{ code: 220, text: "" }, "220 \r\n"],
    [reply(""), "250 2.0.0 \r\n"],
    [reply([]), "250 2.0.0 \r\n"],
    [reply(["a"]), "250 2.0.0 a\r\n"],
    [reply(["a", "b", "c"]), "250-2.0.0 a\r\n250-2.0.0 b\r\n250 2.0.0 c\r\n"],
    [reply(["a", ""]), "250-2.0.0 a\r\n250 2.0.0 \r\n"],
    [{ code: 250, text: ["mx.test", "PIPELINING"] }, "250-mx.test\r\n250 PIPELINING\r\n"],
    // Row 131: nothing that is written starts a reply of its own.
    [reply("no\r\n250 ok"), "250 2.0.0 no 250 ok\r\n"],
    [reply("no\n250 ok"), "250 2.0.0 no 250 ok\r\n"],
    [reply(["no\r\n250 ok", "\r"]), "250-2.0.0 no 250 ok\r\n250 2.0.0 \r\n"],
    [reply("\r\n"), "250 2.0.0 \r\n"],
    [reply("a\0b\tc\x7fd\x1be"), "250 2.0.0 a b c d e\r\n"],
    [reply("a\u0085b\u2028c\u2029d"), "250 2.0.0 a b c d\r\n"],
    // Row 133: ASCII, one question mark for each character.
    [reply("kein Anschluß"), "250 2.0.0 kein Anschlu?\r\n"],
    [reply("日本 😀"), "250 2.0.0 ?? ?\r\n"],
    [reply("\ud800a\udc00"), "250 2.0.0 ?a?\r\n"],
    [reply("\u212a\u017f１"), "250 2.0.0 ???\r\n"],
    // RFC 5321 section 4.5.3.1.5
    [reply("x".repeat(room)), `250 2.0.0 ${"x".repeat(room)}\r\n`],
    [reply("x".repeat(room + 1)), `250-2.0.0 ${"x".repeat(room)}\r\n250 2.0.0 x\r\n`],
    [reply(`${"x".repeat(room)} y`), `250-2.0.0 ${"x".repeat(room)}\r\n250 2.0.0 y\r\n`],
    [reply(`${"x".repeat(room - 1)} yz`), `250-2.0.0 ${"x".repeat(room - 1)}\r\n250 2.0.0 yz\r\n`],
    [reply(`a ${"x".repeat(room)}`), `250-2.0.0 a\r\n250 2.0.0 ${"x".repeat(room)}\r\n`],
    [{ code: 250, text: "x".repeat(507) }, `250-${"x".repeat(506)}\r\n250 x\r\n`],
  ], (value, wire) => expect(formatReply(value)).toBe(wire));

  each<[text: string, wire: string]>("UTF-8 for those who can read it (RFC 6531 section 3.7.4.2)", [
    ["kein Anschluß 日本 😀", "250 2.0.0 kein Anschluß 日本 😀\r\n"],
    ["\ud800", "250 2.0.0 \ufffd\r\n"],
    ["a\u0085\u2028b", "250 2.0.0 a b\r\n"],
    // Octets count, and no character is cut.
    ["ü".repeat(room / 2), `250 2.0.0 ${"ü".repeat(room / 2)}\r\n`],
    ["ü".repeat(room / 2 + 1), `250-2.0.0 ${"ü".repeat(room / 2)}\r\n250 2.0.0 ü\r\n`],
    ["x" + "ü".repeat(room / 2), `250-2.0.0 x${"ü".repeat(room / 2 - 1)}\r\n250 2.0.0 ü\r\n`],
    ["😀".repeat(room / 4 + 1), `250-2.0.0 ${"😀".repeat(room / 4)}\r\n250 2.0.0 😀\r\n`],
  ], (text, wire) => expect(formatReply(reply(text), true)).toBe(wire));

  test("whatever the text, every line has the code, is printable and no longer than 512 octets", () => {
    const text = fc.string({ unit: "binary", maxLength: 1500, size: "max" });
    fc.assert(
      fc.property(fc.oneof(text, fc.array(text, { maxLength: 3 })), fc.boolean(), (text, utf8) => {
        const lines = formatReply(reply(text), utf8).split("\r\n");
        expect(lines.pop()).toBe("");
        for (const [at, line] of lines.entries()) {
          expect(line).toStartWith(at === lines.length - 1 ? "250 2.0.0 " : "250-2.0.0 ");
          // deno-lint-ignore no-control-regex
          expect(line).toMatch(utf8 ? /^[^\x00-\x1f\x7f-\x9f]*$/ : /^[\x20-\x7e]*$/);
          expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(510);
          expect(line.isWellFormed()).toBe(true);
        }
      }),
      { seed: 5321 },
    );
  });

  test("all words of a long text arrive, in their order", () => {
    const words = Array.from({ length: 2000 }, (_, at) => "w".repeat(at % 37 + 1) + at);
    const lines = formatReply(reply(words.join(" "))).trimEnd().split("\r\n");
    expect(lines.map((line) => line.slice(10)).join(" ")).toBe(words.join(" "));
  });
});
