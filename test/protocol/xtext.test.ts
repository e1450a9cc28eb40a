import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeXtext } from "../../src/protocol/xtext.ts";
import { each } from "./each.ts";

describe("xtext (RFC 3461 section 4)", () => {
  each("decodes", [
    ["", ""],
    ["b@y.test", "b@y.test"],
    ["a+2Bb", "a+b"],
    ["+3D", "="],
    ["+20", " "],
    ["+41", "A"],
    ["%41%zz%", "%41%zz%"],
    ["+2541", "%41"],
    ["+2B41", "+41"],
    ["+C3+BC", "ü"],
    ["+F0+9F+98+80", "😀"],
    ["!~", "!~"],
  ], (value, text) => expect(decodeXtext(value)).toBe(text));

  each("malformed", [
    ["+"],
    ["+4"],
    ["+4g"],
    ["+zz"],
    ["a+zz"],
    ["+c3+bc"],
    ["+2b"],
    ["="],
    [" "],
    ["a b"],
    ["ü"],
    ["\x7f"],
    ["\0"],
    ["a\n"],
    ["\ud800"],
    // Rows 50 and 57, and what no text may hide: controls, half a character, an overlong form, a surrogate.
    ["a+00"],
    ["+0A"],
    ["+0D+0A"],
    ["+7F"],
    ["+C2+85"],
    ["+C3"],
    ["+FF"],
    ["+C0+80"],
    ["+ED+A0+80"],
    ["+F4+90+80+80"],
    [`${"a".repeat(100_000)}=`],
  ], (value) => expect(decodeXtext(value)).toBeUndefined());

  test("any text comes back, however much of it is encoded", () => {
    const octets = (text: string) => [...new TextEncoder().encode(text)];
    const pair = (octet: number) => `+${octet.toString(16).toUpperCase().padStart(2, "0")}`;
    const isPlain = (octet: number) => /[\x21-\x2a\x2c-\x3c\x3e-\x7e]/.test(String.fromCharCode(octet));
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.boolean(), (text, isWhole) => {
        const encoded = octets(text)
          .map((octet) => isWhole || !isPlain(octet) ? pair(octet) : String.fromCharCode(octet)).join("");
        // deno-lint-ignore no-control-regex
        const isHidden = /[\x00-\x1f\x7f-\x9f]/.test(text);
        expect(decodeXtext(encoded)).toBe((isHidden ? undefined : text.toWellFormed()) as string);
      }),
      { seed: 3461 },
    );
  });
});
