import { describe, expect } from "bun:test";
import { hasControl, isHttpRequest, parseCommand } from "../../src/protocol/command.ts";
import { each } from "./each.ts";

describe("a command line (RFC 5321 section 4.1.1)", () => {
  each<[line: string, verb: string, argument: string]>("verb and argument (rows 7, 15, 16)", [
    ["QUIT", "QUIT", ""],
    ["quit", "QUIT", ""],
    ["RcPt tO:<b@y.test>", "RCPT", "tO:<b@y.test>"],
    ["RSET   ", "RSET", ""],
    ["MAIL FROM:<a@x.test>  ", "MAIL", "FROM:<a@x.test>"],
    ["EHLO  c.test", "EHLO", " c.test"],
    ["NOOP a  b", "NOOP", "a  b"],
    ["X-1a y", "X-1A", "y"],
    ["NOOP \u00a0", "NOOP", "\u00a0"],
    ["NOOP \t", "NOOP", "\t"],
    ["constructor", "CONSTRUCTOR", ""],
    ["A".repeat(100_000), "A".repeat(100_000), ""],
  ], (line, verb, argument) => {
    expect(parseCommand(line)).toEqual({ verb, argument });
  });

  each("no verb (rows 17, 82)", [
    [""],
    [" "],
    ["   "],
    [" QUIT"],
    ["\tQUIT"],
    ["QUIT\t"],
    ["QUIT\u00a0"],
    ["\x01\x02"],
    ["1NOOP"],
    ["-NOOP"],
    ["__proto__"],
    ["MA\0IL FROM:<>"],
    ["MAIL\rRSET"],
    ["ＱＵＩＴ"],
    ["LA\u017fT"],
    ["\u212aILL"],
    ["QU\u0130T"],
    ["NOOP\ud800"],
    [`${"A".repeat(100_000)}!`],
  ], (line) => {
    expect(parseCommand(line)).toBeUndefined();
  });

  each<[line: string, expected: boolean]>("control characters (RFC 5321 section 4.1.2, row 38)", [
    ["", false],
    ["MAIL FROM:<a@x.test>", false],
    ["ü \u0085\u2028", false],
    [" ", false],
    ["~", false],
    ["\x7f", true],
    ["a\tb", true],
    ["a\rb", true],
    ["a\nb", true],
    ["a\0", true],
    ["\x1f", true],
  ], (line, expected) => {
    expect(hasControl(line)).toBe(expected);
  });

  each<[line: string, expected: boolean]>("an HTTP request (row 24)", [
    ["GET / HTTP/1.1", true],
    ["POST /x HTTP/1.0", true],
    ["CONNECT mx.test:25 HTTP/1.1", true],
    ["PRI * HTTP/2.0", true],
    ["TRACE /", true],
    ["GET", false],
    ["GET ", false],
    ["get / HTTP/1.1", false],
    [" GET / HTTP/1.1", false],
    ["GETT / HTTP/1.1", false],
    ["HELO GET / HTTP/1.1", false],
  ], (line, expected) => {
    expect(isHttpRequest(line)).toBe(expected);
  });
});
