import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeXtext, encodeXtext } from "../../src/protocol/xtext.ts";
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

  each("encodes", [
    ["", ""],
    ["b@y.test", "b@y.test"],
    ["a+b=c d", "a+2Bb+3Dc+20d"],
    ["+41%41", "+2B41%41"],
    ["ü", "+C3+BC"],
    ["\r\n\0", "+0D+0A+00"],
    ["!\"#$%&'()*,-./:;<>?@[\\]^_`{|}~", "!\"#$%&'()*,-./:;<>?@[\\]^_`{|}~"],
    ["\ud800", "+EF+BF+BD"],
  ], (text, value) => expect(encodeXtext(text)).toBe(value));

  test("what was encoded decodes to the same text, and holds nothing but xchar", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const encoded = encodeXtext(text);
        expect(encoded).toMatch(/^(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-F]{2})*$/);
        // deno-lint-ignore no-control-regex
        expect(decodeXtext(encoded)).toBe(
          (/[\x00-\x1f\x7f-\x9f]/.test(text) ? undefined : text.toWellFormed()) as string,
        );
      }),
      { seed: 3461 },
    );
  });
});
