import { describe, expect, test } from "bun:test";
import { countReceived, hasBareNewline, hasStrayLine, headerEnd, parseHeader } from "../../src/protocol/header.ts";
import { each } from "./each.ts";

const octets = (text: string) => new TextEncoder().encode(text);

describe("a header section (RFC 5322 section 2.2)", () => {
  each<[message: string, end: number]>("ends behind the last field's CRLF", [
    ["", -1],
    ["\r\n", 0],
    ["\r\nbody", 0],
    ["A: b\r\n\r\n", 6],
    ["A: b\r\n\r\nbody\r\n\r\nmore", 6],
    ["A: b\r\nC: d\r\n\r\n", 12],
    ["A: b\r\n", -1],
    ["A: b\r\n\r", -1],
    ["A: b\r\n\n", -1],
    ["A: b\n\nbody", -1],
    ["A: b\r\rC: d\r\n\r\n", 12],
    ["\n\r\n", 1],
    ["A: b\r\n \r\nbody", -1],
  ], (message, end) => {
    expect(headerEnd(octets(message))).toBe(end);
    // Wherever the octets are cut, going on from the last line finds the same end.
    for (let cut = 2; cut <= message.length; cut++) {
      if (headerEnd(octets(message.slice(0, cut))) >= 0) break;
      expect(headerEnd(octets(message), Math.max(0, cut - 2))).toBe(end);
    }
  });

  each<[header: string, fields: [string, string][]]>("fields in order, unfolded (section 2.2.3)", [
    ["", []],
    ["\r\n", []],
    ["Subject: hi\r\n", [["Subject", "hi"]]],
    ["Subject: hi", [["Subject", "hi"]]],
    ["A:b\r\na:  c  \r\nA:\r\n", [["A", "b"], ["a", "c"], ["A", ""]]],
    ["A: b\r\n c\r\n\td\r\nE: f\r\n", [["A", "b c\td"], ["E", "f"]]],
    ["A:\r\n b\r\n", [["A", "b"]]],
    ["A : b\r\n", [["A", "b"]]],
    ["A: b: c\r\n", [["A", "b: c"]]],
    ["__proto__: x\r\nconstructor: y\r\n", [["__proto__", "x"], ["constructor", "y"]]],
    ["Subject: gr\u00fc\u00dfe \u{1f600}\r\n", [["Subject", "gr\u00fc\u00dfe \u{1f600}"]]],
    ["Subject: =?utf-8?q?=C3=BC?=\r\n", [["Subject", "=?utf-8?q?=C3=BC?="]]],
    // What is no field is passed over.
    [" folded first\r\nA: b\r\n", [["A", "b"]]],
    ["no colon\r\nA: b\r\n", [["A", "b"]]],
    [": empty name\r\nA: b\r\n", [["A", "b"]]],
    ["A B: c\r\nD: e\r\n", [["D", "e"]]],
    ["\u00dc: c\r\nD: e\r\n", [["D", "e"]]],
    ["A\x01: c\r\nD: e\r\n", [["D", "e"]]],
    // A lone CR or LF ends no line.
    ["A: b\nC: d\r\n", [["A", "b\nC: d"]]],
    ["A: b\rC: d\r\n", [["A", "b\rC: d"]]],
    [`${"a".repeat(100_000)}\r\nA: b\r\n`, [["A", "b"]]],
    [`A: b${"\r\n ".repeat(30_000)}c\r\n`, [["A", `b${" ".repeat(30_000)}c`]]],
  ], (header, fields) => {
    expect(parseHeader(octets(header)).map(({ name, value }) => [name, value])).toEqual(fields);
  });

  test("octets that are no UTF-8 become U+FFFD", () => {
    const header = Uint8Array.from([...octets("Subject: "), 0xff, 0xe4, 13, 10]);
    expect(parseHeader(header)).toEqual([{ name: "Subject", value: "\ufffd\ufffd" }]);
  });

  each<[header: string, isStray: boolean]>("a line that is neither a field nor the rest of one", [
    ["", false],
    ["A: b\r\n c\r\n\r\n", true],
    ["A: b\r\n c\r\nD\t :\r\n", false],
    ["A: b\r\n :c\r\n", false],
    ["A\r\n :b\r\n", true],
    ["A: b\r\nC\r\n", true],
    [" A: b\r\n", true],
    ["A\x0b: b\r\n", true],
    ["A: b\r\n\u00dc: c\r\n", true],
  ], (header, isStray) => expect(hasStrayLine(octets(header))).toBe(isStray));

  each<[header: string, isBare: boolean]>("a CR or an LF without the other", [
    ["", false],
    ["A: b\r\nC: d\r\n", false],
    ["A: b\nC: d\r\n", true],
    ["A: b\rC: d\r\n", true],
    ["\nA: b\r\n", true],
    ["A: b\r\n\n", true],
    ["A: b\r\r\n", true],
    ["A: b\r", true],
  ], (header, isBare) => expect(hasBareNewline(octets(header))).toBe(isBare));

  each<[header: string, most: number, count: number]>("Received fields are counted up to one past the most (row 76)", [
    ["", 0, 0],
    ["Received: a\r\n", 0, 1],
    ["Received: a\r\nRECEIVED: b\r\nreceived:\r\n", 2, 3],
    ["Received: a\r\n".repeat(100), 100, 100],
    ["Received: a\r\n".repeat(101), 100, 101],
    ["Received: a\r\n".repeat(500), 100, 101],
    ["X-Received: a\r\n".repeat(101), 100, 0],
    ["Received-SPF: a\r\n".repeat(101), 100, 0],
    [" Received: folded\r\n".repeat(101), 100, 0],
    ["Received".repeat(101), 100, 0],
    [`${"Received: a\r\n".repeat(100)}Received`, 100, 100],
  ], (header, most, count) => expect(countReceived(octets(header), most)).toBe(count));
});
