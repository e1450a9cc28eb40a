/** The grammar of what extensions add: right, wrong, and right with something behind it. */

import { describe, expect, test } from "bun:test";
import { type Chunk, parseChunk } from "../../src/protocol/chunk.ts";
import { formatDateTime, parseDateTime } from "../../src/protocol/datetime.ts";
import { type DeliverBy, parseDeliverBy } from "../../src/protocol/deliverby.ts";
import { parseEnvid, parseNotify, parseOrcpt, parseRet } from "../../src/protocol/dsn.ts";
import { isEhloLine } from "../../src/protocol/ehlo.ts";

const chunks: [argument: string, chunk: Chunk | undefined][] = [
  ["0", { size: 0, isLast: false }],
  ["5", { size: 5, isLast: false }],
  ["0005 LAST", { size: 5, isLast: true }],
  ["86  last", { size: 86, isLast: true }],
  ["9007199254740992", { size: 2 ** 53, isLast: false }],
  ["99999999999999999999", { size: 1e20, isLast: false }],
  ["999999999999999999999", undefined],
  ["", undefined],
  ["LAST", undefined],
  ["5LAST", undefined],
  ["5 LASTT", undefined],
  ["5 LAST x", undefined],
  ["5 LAſT", undefined],
  ["5 ＬＡＳＴ", undefined],
  ["٥", undefined],
  ["5.0", undefined],
  ["5e3", undefined],
  ["0x5", undefined],
  ["+5", undefined],
  ["-5", undefined],
  [" 5", undefined],
  ["5\tLAST", undefined],
];
for (const [argument, chunk] of chunks) {
  test(`BDAT "${argument}"`, () => expect(parseChunk(argument)).toEqual(chunk as Chunk));
}

describe("DSN", () => {
  const notify: [value: string | undefined, parsed: ReturnType<typeof parseNotify>][] = [
    ["NEVER", "NEVER"],
    ["Never", "NEVER"],
    ["SUCCESS", ["SUCCESS"]],
    ["delay,Failure", ["DELAY", "FAILURE"]],
    ["SUCCESS,SUCCESS", ["SUCCESS"]],
    ["SUCCESS,NEVER", undefined],
    ["NEVER,NEVER", undefined],
    ["SUCCESS,", undefined],
    [",SUCCESS", undefined],
    ["ſUCCESS", undefined],
    ["", undefined],
    [undefined, undefined],
  ];
  for (const [value, parsed] of notify) {
    test(`NOTIFY=${value}`, () => expect(parseNotify(value)).toEqual(parsed as "NEVER"));
  }

  const ret: [value: string | undefined, parsed: "FULL" | "HDRS" | undefined][] = [
    ["FULL", "FULL"],
    ["hdrs", "HDRS"],
    ["FULLX", undefined],
    [undefined, undefined],
  ];
  for (const [value, parsed] of ret) test(`RET=${value}`, () => expect(parseRet(value)).toBe(parsed));

  const envid: [value: string | undefined, parsed: string | undefined][] = [
    ["QQ314159", "QQ314159"],
    ["a+20b+2B", "a b+"],
    ["x".repeat(100), "x".repeat(100)],
    ["x".repeat(101), undefined],
    [`${"x".repeat(98)}+2B`, undefined],
    ["a+00", undefined],
    ["a+0A", undefined],
    ["a+7F", undefined],
    ["a+2b", undefined],
    ["a+2", undefined],
    ["a=b", undefined],
    ["+C3+BC", undefined],
    ["ü", undefined],
    ["", undefined],
    [undefined, undefined],
  ];
  for (const [value, parsed] of envid) {
    test(`ENVID=${value?.slice(0, 20)}`, () => expect(parseEnvid(value)).toBe(parsed));
  }

  const orcpt: [value: string | undefined, type: string, address: string | undefined][] = [
    ["rfc822;Bob@Example.COM", "rfc822", "Bob@Example.COM"],
    ["RFC822;George+20@Tax-+20ME+20.GOV", "rfc822", "George @Tax- ME .GOV"],
    ["x400;/C=us/".replace("=", "+3D"), "x400", "/C=us/"],
    [`rfc822;${"x".repeat(493)}`, "rfc822", "x".repeat(493)],
    [`rfc822;${"x".repeat(494)}`, "", undefined],
    ["utf-8;b\\x{FC}cher@y.test", "utf-8", "bücher@y.test"],
    ["utf-8;bücher@y.test", "utf-8", "bücher@y.test"],
    ["utf-8;\\x{1F600}\\x{2B}@y.test", "utf-8", "😀+@y.test"],
    ["utf-8;b\\x{00}@y.test", "", undefined],
    ["utf-8;b\\x{0A}@y.test", "", undefined],
    ["utf-8;b\\x{85}@y.test", "", undefined],
    ["utf-8;b\\x{D800}@y.test", "", undefined],
    ["utf-8;b\\x{110000}@y.test", "", undefined],
    ["utf-8;b\\x{FFFFFF}@y.test", "", undefined],
    ["utf-8;b\\y@y.test", "", undefined],
    ["utf-8;b+40y.test", "", undefined],
    ["rfc822;b+0Ay.test", "", undefined],
    ["rfc822;b+00y.test", "", undefined],
    ["rfc822;ü@y.test", "", undefined],
    ["rfc822;", "", undefined],
    [";b@y.test", "", undefined],
    ["b@y.test", "", undefined],
    ["rfc(822);b@y.test", "", undefined],
    ["", "", undefined],
    [undefined, "", undefined],
  ];
  for (const [value, type, address] of orcpt) {
    test(`ORCPT=${value?.slice(0, 40)}`, () => {
      const wanted = address === undefined ? undefined : { type, address };
      expect(parseOrcpt(value)).toEqual(wanted!);
    });
  }
});

const by: [value: string | undefined, parsed: DeliverBy | undefined][] = [
  ["10;R", { seconds: 10, mode: "R", trace: false }],
  ["+999999999;nT", { seconds: 999_999_999, mode: "N", trace: true }],
  ["-1;N", { seconds: -1, mode: "N", trace: false }],
  ["0;N", { seconds: 0, mode: "N", trace: false }],
  ["0;R", undefined],
  ["-1;R", undefined],
  ["1000000000;R", undefined],
  ["10;X", undefined],
  ["10;", undefined],
  ["10", undefined],
  [";R", undefined],
  ["10;R;T", undefined],
  ["1.5;R", undefined],
  [undefined, undefined],
];
for (const [value, parsed] of by) {
  test(`BY=${value}`, () => expect(parseDeliverBy(value)).toEqual(parsed as DeliverBy));
}

const dates: [text: string, iso: string | undefined][] = [
  ["2014-04-03T23:01:00Z", "2014-04-03T23:01:00.000Z"],
  ["2014-04-03t23:01:00z", "2014-04-03T23:01:00.000Z"],
  ["1997-11-24T14:22:01-08:00", "1997-11-24T22:22:01.000Z"],
  ["2003-07-01T10:52:37.25+02:00", "2003-07-01T08:52:37.000Z"],
  ["2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000Z"],
  ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
  ["2023-02-29T00:00:00Z", undefined],
  ["2023-04-31T00:00:00Z", undefined],
  ["2023-13-01T00:00:00Z", undefined],
  ["2023-01-01T24:00:00Z", undefined],
  ["2023-01-01T00:60:00Z", undefined],
  ["2023-01-01T00:00:61Z", undefined],
  ["2023-01-01T00:00:00", undefined],
  ["2023-01-01T00:00:00ZZ", undefined],
  ["2023-01-01T00:00:00+24:00", undefined],
  ["2023-01-01T00:00:00+0100", undefined],
  ["2023-01-01", undefined],
  ["2023-01-01 00:00:00Z", undefined],
  ["", undefined],
];
for (const [text, iso] of dates) {
  test(`the date ${text}`, () => expect(parseDateTime(text)?.toISOString()).toBe(iso));
}

test("a date is written to the second", () => {
  expect(formatDateTime(new Date("2026-01-02T03:04:05.678Z"))).toBe("2026-01-02T03:04:05Z");
});

const ehloLines: [line: string, is: boolean][] = [
  ["XTICKET", true],
  ["8BITMIME", true],
  ["X-A b=1 <c>", true],
  ["x".repeat(506), true],
  ["x".repeat(507), false],
  ["", false],
  ["-X", false],
  ["X  Y", false],
  ["X ", false],
  [" X", false],
  ["X\tY", false],
  ["X ü", false],
  ["X\r\n250 Y", false],
];
for (const [line, is] of ehloLines) {
  test(`the EHLO line ${JSON.stringify(line).slice(0, 30)}`, () => expect(isEhloLine(line)).toBe(is));
}
