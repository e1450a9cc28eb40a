import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DataDecoder } from "../../src/protocol/data.ts";
import { each } from "./each.ts";

interface Decoded {
  readonly message: string;
  readonly bare: number;
  /** What followed the end of data; undefined when the message went on. */
  readonly rest: string | undefined;
}

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** Decodes a stream cut into these pieces. */
function decode(pieces: readonly string[], normalize: boolean): Decoded {
  let message = "";
  const decoder = new DataDecoder((piece) => message += text(piece), normalize);
  for (const [at, piece] of pieces.entries()) {
    const end = decoder.push(latin1(piece));
    if (end < 0) continue;
    return { message, bare: decoder.bareNewlines, rest: piece.slice(end) + pieces.slice(at + 1).join("") };
  }
  return { message, bare: decoder.bareNewlines, rest: undefined };
}

/** The same by the letter of RFC 5321: lines end with CRLF, a lone dot is the end, and a first dot is taken away. */
function oracle(stream: string, normalize: boolean): Decoded {
  const lines = stream.split("\r\n");
  const end = lines.indexOf(".", 0);
  const isEnd = end >= 0 && end < lines.length - 1;
  const own = isEnd ? lines.slice(0, end) : lines;
  const unstuffed = own.map((line) => line.startsWith(".") ? line.slice(1) : line);
  const bare = unstuffed.join("").match(/[\r\n]/g)?.length ?? 0;
  const whole = normalize ? unstuffed.map((line) => line.replace(/[\r\n]/g, "\r\n")) : unstuffed;
  const message = whole.map((line) => `${line}\r\n`).join("");
  return isEnd
    ? { message, bare, rest: lines.slice(end + 1).join("\r\n") }
    : { message: message.slice(0, -2), bare, rest: undefined };
}

const evil = "MAIL FROM:<evil@x.test>\r\n";

/** Whole streams, each with an end; RFC 5321 sections 4.1.1.4, 4.5.2 and 2.3.8. */
const rows: readonly [stream: string, message: string, bare: number][] = [
  // Rows 60, 64, 65, 67
  [".\r\n", "", 0],
  ["a\r\n.\r\n", "a\r\n", 0],
  ["\r\n.\r\n", "\r\n", 0],
  ["..x\r\n.\r\n", ".x\r\n", 0],
  [".x\r\n.\r\n", "x\r\n", 0],
  ["..\r\n.\r\n", ".\r\n", 0],
  ["...\r\n.\r\n", "..\r\n", 0],
  ["a\r\n..\r\n.\r\n", "a\r\n.\r\n", 0],
  ["a..\r\n.b.\r\n.\r\n", "a..\r\nb.\r\n", 0],
  ["a\r\n. \r\n.\r\n", "a\r\n \r\n", 0],
  ["a\n..b\r\n.\r\n", "a\n..b\r\n", 1],
  [`${"x".repeat(998)}\r\n.\r\n`, `${"x".repeat(998)}\r\n`, 0],
  [`.${".".repeat(998)}\r\n.\r\n`, `${".".repeat(998)}\r\n`, 0],
  // Row 66
  ["\0\xff\x80\r\n.\r\n", "\0\xff\x80\r\n", 0],
  ["a\r\n\0.\r\nb\r\n.\r\n", "a\r\n\0.\r\nb\r\n", 0],
  // Row 61: none of these ends DATA.
  [`a\n.\n${evil}.\r\n`, `a\n.\n${evil}`, 2],
  [`a\r.\r${evil}.\r\n`, `a\r.\r${evil}`, 2],
  [`a\n.\r${evil}.\r\n`, `a\n.\r${evil}`, 2],
  [`a\r.\n${evil}.\r\n`, `a\r.\n${evil}`, 2],
  [`a\n.\r\n${evil}.\r\n`, `a\n.\r\n${evil}`, 1],
  [`a\r.\r\n${evil}.\r\n`, `a\r.\r\n${evil}`, 1],
  [`a\r\n.\n${evil}.\r\n`, `a\r\n\n${evil}`, 1],
  [`a\r\n.\r${evil}.\r\n`, `a\r\n\r${evil}`, 1],
  [`.\n${evil}.\r\n`, `\n${evil}`, 1],
  [`.\r${evil}.\r\n`, `\r${evil}`, 1],
  // Row 62
  ["a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", 1],
  ["a\r\r\n.\r\r\n.\r\n", "a\r\r\n\r\r\n", 2],
  [".\r\r\n.\r\n", "\r\r\n", 1],
  // Row 63
  ["a\r\r\n.\r\n", "a\r\r\n", 1],
  ["\r\r\r\n.\r\n", "\r\r\r\n", 2],
  ["\n\n\r\n.\r\n", "\n\n\r\n", 2],
];

describe("DATA", () => {
  for (const [how, cut] of Object.entries({ whole: Infinity, "octet by octet": 1, "in pairs": 2, "in threes": 3 })) {
    each(`${how}, message and bare newlines`, rows, (stream, message, bare) => {
      const pieces = stream.match(new RegExp(`[^]{1,${Math.min(cut, stream.length)}}`, "g"))!;
      expect(decode(pieces, false)).toEqual({ message, bare, rest: "" });
      expect(decode(pieces, true)).toEqual(oracle(stream, true));
      expect(decode([...pieces.slice(0, -1), pieces.at(-1) + "QUIT\r\n.\r\n"], false)).toEqual({
        message,
        bare,
        rest: "QUIT\r\n.\r\n",
      });
    });
  }

  each("what has no end yet", [
    ["", ""],
    ["a", "a"],
    [".", ""],
    [".\r", ""],
    ["a\r\n", "a\r\n"],
    ["a\r\n.", "a\r\n"],
    ["a\r", "a\r"],
  ], (stream, message) => expect(decode([stream], false)).toEqual({ message, bare: 0, rest: undefined }));

  test("normalizing leaves no CR and no LF alone, and counts them all the same (row 61)", () => {
    expect(decode(["a\rb\nc\r\n\rd\n\r\n.\r\n"], true)).toEqual({
      message: "a\r\nb\r\nc\r\n\r\nd\r\n\r\n",
      bare: 4,
      rest: "",
    });
  });

  test("pieces that begin at any address in memory are read alike", () => {
    const stream = `${"ab\tc".repeat(100)}\r\n..dots${"\x0b\x0c\x0e\x8a\x8d".repeat(60)}\n\r${
      "z".repeat(301)
    }\r\n.\r\nrest`;
    for (let offset = 0; offset < 8; offset++) {
      const memory = new Uint8Array(stream.length + 16).fill(10);
      memory.set(latin1(stream), offset);
      let message = "";
      const decoder = new DataDecoder((piece) => message += text(piece), false);
      const end = decoder.push(memory.subarray(offset, offset + stream.length));
      expect({ message, bare: decoder.bareNewlines, rest: stream.slice(end) }).toEqual(oracle(stream, false) as never);
    }
  });

  test("random streams in random pieces are what the oracle says", () => {
    const word = fc.constantFrom("\r", "\n", ".", "\r\n", "\r\n.", "\r\n.\r\n", "a", "b\0", "x".repeat(300));
    const stream = fc.array(word, { maxLength: 30 }).map((words) => words.join(""));
    const cuts = fc.array(fc.nat(), { maxLength: 12 });
    fc.assert(
      fc.property(stream, cuts, fc.boolean(), (stream, cuts, normalize) => {
        const at = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
        const pieces = at.slice(1).map((end, index) => stream.slice(at[index], end));
        const expected = oracle(stream, normalize);
        const decoded = decode(pieces, normalize);
        expect(decoded.rest).toBe(expected.rest as string);
        // Without an end, the last octets may still wait for what follows them.
        if (expected.rest !== undefined) expect(decoded).toEqual(expected);
      }),
      { seed: 452, numRuns: 1000 },
    );
  });
});
