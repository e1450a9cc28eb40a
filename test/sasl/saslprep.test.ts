import { expect, test } from "bun:test";
import { saslprep } from "../../src/sasl/mod.ts";

const cases: [name: string, input: string, output: string | undefined][] = [
  // RFC 4013 section 3
  ["SOFT HYPHEN is mapped to nothing", "I\u00adX", "IX"],
  ["there is no transformation", "user", "user"],
  ["case is preserved", "USER", "USER"],
  ["the output is NFKC, first example", "\u00aa", "a"],
  ["the output is NFKC, second example", "\u2168", "IX"],
  ["a control character is prohibited", "\u0007", undefined],
  ["letters of both directions are refused", "\u0627\u0031", undefined],
  // RFC 3454 and beyond
  ["spaces become SPACE", "a\u00a0b\u3000c\u200bd", "a b c d"],
  ["invisible characters go", "\ufeffa\u200d\ufe0fb", "ab"],
  ["no text stays no text", "", ""],
  ["private use is prohibited", "\ue000", undefined],
  ["private use of the last plane is prohibited", "\u{10fffd}", undefined],
  ["a noncharacter is prohibited", "a\uffff", undefined],
  ["an unpaired surrogate is prohibited", "a\ud800b", undefined],
  ["a replacement character is prohibited", "\ufffd", undefined],
  ["a right-to-left mark is prohibited", "a\u200f", undefined],
  ["a language tag is prohibited", "a\u{e0041}", undefined],
  ["a line separator is prohibited", "a\u2028b", undefined],
  ["right-to-left letters with a digit among them are fine", "\u0627\u0031\u0628", "\u0627\u0031\u0628"],
  ["right-to-left letters beside left-to-right ones are refused", "\u0627a\u0628", undefined],
  ["a left-to-right digit at the end is refused", "\u05d0\u05d1\u0032", undefined],
  ["emoji are left alone", "\u{1f600}", "\u{1f600}"],
];
for (const [name, input, output] of cases) {
  test(name, () => expect(saslprep(input)).toBe(output as string));
}

test("an unassigned code point is refused in what is to be stored, and only there", () => {
  expect(saslprep("a\u0378")).toBe("a\u0378");
  expect(saslprep("a\u0378", { stored: true })).toBeUndefined();
});

test("what is prepared stays as it is when prepared again", () => {
  for (const [, input] of cases) {
    const once = saslprep(input);
    if (once !== undefined) expect(saslprep(once)).toBe(once);
  }
});
