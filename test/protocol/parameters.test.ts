import { describe, expect } from "bun:test";
import { parseParameters } from "../../src/protocol/parameters.ts";
import { parseSize } from "../../src/protocol/size.ts";
import { each } from "./each.ts";

describe("ESMTP parameters (RFC 5321 section 4.1.1.11)", () => {
  each<[text: string, expected: [string, string | undefined][]]>("read", [
    ["", []],
    [" ", []],
    ["   ", []],
    [" SIZE=1000", [["SIZE", "1000"]]],
    [" size=1 body=8bitmime", [["SIZE", "1"], ["BODY", "8bitmime"]]],
    ["  A=1   B  ", [["A", "1"], ["B", undefined]]],
    [" SMTPUTF8", [["SMTPUTF8", undefined]]],
    [" X-1=a,b;c/d<>+40", [["X-1", "a,b;c/d<>+40"]]],
    [" 1A", [["1A", undefined]]],
    [" A- B", [["A-", undefined], ["B", undefined]]],
    [" ORCPT=utf-8;ü@x.test", [["ORCPT", "utf-8;ü@x.test"]]],
    [" A=😀", [["A", "😀"]]],
    [" CONSTRUCTOR=1 TOSTRING", [["CONSTRUCTOR", "1"], ["TOSTRING", undefined]]],
  ], (text, expected) => expect([...parseParameters(text) ?? ["malformed"]]).toEqual(expected as never));

  each("malformed (rows 43, 44)", [
    ["FOO"],
    ["SIZE=1"],
    ["\tSIZE=1"],
    [" SIZE="],
    [" =1"],
    [" SIZE=1=2"],
    [" SIZE==1"],
    [" -A=1"],
    [" A_B=1"],
    [" __PROTO__"],
    [" __proto__=1"],
    [" A;B"],
    [" A\tB"],
    [" A=\x01"],
    [" A=1\0"],
    [" A=1\r"],
    [" A=\x7f"],
    [" A=\u0085"],
    [" A=\ud800"],
    [" ü=1"],
    [" SI\u017fE=1"],
    [" \u212a=1"],
    // Row 44
    [" SIZE=1 SIZE=2"],
    [" SIZE=1 size=1"],
    [" BODY=7BIT BODY=8BITMIME"],
    [" A A"],
    [` ${"A".repeat(100_000)}_`],
    [` A=${"1".repeat(100_000)}=`],
  ], (text) => expect(parseParameters(text)).toBeUndefined());
});

describe("the value of SIZE (RFC 1870 section 4, row 45)", () => {
  each<[value: string, octets: number]>("read", [
    ["0", 0],
    ["1", 1],
    ["00", 0],
    ["26214400", 26_214_400],
    ["9".repeat(20), 1e20],
  ], (value, octets) => expect(parseSize(value)).toBe(octets));

  each<[value: string | undefined]>("no size", [
    [undefined],
    [""],
    ["-1"],
    ["+1"],
    ["1.5"],
    ["1e3"],
    ["0x10"],
    ["abc"],
    [" 1"],
    ["1\n"],
    ["１"],
    ["٣"],
    ["9".repeat(21)],
  ], (value) => expect(parseSize(value)).toBeUndefined());
});
