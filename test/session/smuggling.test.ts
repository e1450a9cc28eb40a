/**
 * SMTP smuggling: whatever looks like the end of data to somebody else, followed by a second transaction
 * (CVE-2023-51764, -51765, -51766, CVE-2023-52354, CVE-2024-27305 and their kin).
 *
 * It is one message or a refusal; never two messages, and never a command.
 */

import { describe, expect, test } from "bun:test";
import { random, readChunks, readData } from "../protocol/oracle.ts";
import { converse, type Outcome, segments } from "./machine.ts";

/** Ends that are none. Each follows a line of text. */
const falseEnds: readonly string[] = [
  "\n.\n",
  "\n.\r\n",
  "\n.\r",
  "\r.\r",
  "\r.\n",
  "\r.\r\n",
  "\r\n.\n",
  "\r\n.\r",
  "\r\n.\r\r\n",
  "\r\n.\r\r\r\n",
  "\r\r\n.\r\r\n",
  "\r\n\0.\r\n",
  "\r\n.\0\r\n",
  "\r\n.\r\0\n",
  "\r\n .\r\n",
  "\r\n. \r\n",
  "\r\n..\r\n",
  "\r\n.\x0b\r\n",
  "\r\n.\x85\r\n",
  "\n\n.\n\n",
  "\r\n\n.\r\n",
  "\n\r.\r\n",
  "\r\n.\n\r\n",
  "\x0c.\x0c",
];

/** What the attacker wants to be read as commands. */
const second = "MAIL FROM:<evil@x.test>\r\nRCPT TO:<victim@y.test>\r\nDATA\r\nSubject: evil\r\n\r\nevil\r\n";

const cuts: readonly [name: string, next: (seed: number) => () => number][] = [
  ["in one segment", () => () => Infinity],
  ["octet by octet", () => () => 1],
  ["in twos", () => () => 2],
  ["in threes", () => () => 3],
  ["cut at random", (seed) => {
    const next = random(seed);
    return () => 1 + Math.floor(next() * 12);
  }],
];

const hello = "EHLO c.test\r\n";
const envelope = "MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\n";
const text = "Subject: hi\r\n\r\nfirst";

for (const bareNewline of ["reject", "normalize"] as const) {
  for (const [cut, next] of cuts) {
    describe(`${bareNewline}, ${cut}`, () => {
      for (const [index, end] of falseEnds.entries()) {
        test(`DATA with ${JSON.stringify(end)} in it`, async () => {
          const data = `${text}${end}${second}\r\n.\r\n`;
          const session = `${hello}${envelope}DATA\r\n${data}NOOP\r\nQUIT\r\n`;
          const outcome = await converse(segments(session, next(index)), { bareNewline });
          expectOne(outcome, [220, 250, 250, 250, 354], readData(data, bareNewline === "normalize")!, bareNewline);
        });

        test(`BDAT with ${JSON.stringify(end)} in it`, async () => {
          const data = `${text}${end}${second}`;
          // The border of the chunks is in the middle of what is no end.
          const border = text.length + 1 + index % end.length;
          const chunks = `BDAT ${border}\r\n${data.slice(0, border)}` +
            `BDAT ${data.length - border} LAST\r\n${data.slice(border)}`;
          const session = `${hello}${envelope}${chunks}NOOP\r\nQUIT\r\n`;
          const outcome = await converse(segments(session, next(index)), { bareNewline });
          const read = readChunks(data, bareNewline === "normalize");
          const firstCode = outcome.codes[4]!;
          expect([250, 550]).toContain(firstCode);
          if (firstCode === 250) return expectOne(outcome, [220, 250, 250, 250, 250], read, bareNewline);
          expect(read.bareNewlines).toBeGreaterThan(0);
          expect(outcome.codes).toEqual([220, 250, 250, 250, 550, 551, 250, 221]);
          expect(outcome.taken).toEqual([]);
        });
      }
    });
  }
}

/** The message as the slow oracle reads it, or the refusal of its newlines; then NOOP and QUIT, and nothing else. */
function expectOne(
  { codes, taken }: Outcome,
  before: readonly number[],
  { message, bareNewlines }: { message: string; bareNewlines: number },
  bareNewline: string,
): void {
  if (bareNewline === "reject" && bareNewlines > 0) {
    expect(codes).toEqual([...before, 550, 250, 221]);
    expect(taken).toEqual([]);
  } else {
    expect(codes).toEqual([...before, 250, 250, 221]);
    expect(taken).toEqual([{ from: "a@x.test", to: ["b@y.test"], content: message }]);
  }
}

test("a bare newline in a command line makes no command of what follows (rows 39 and 130)", async () => {
  for (const newline of ["\n", "\r"]) {
    const line = `NOOP${newline}MAIL FROM:<evil@x.test>\r\n`;
    const { codes } = await converse(segments(`${hello}${line}RCPT TO:<b@y.test>\r\nQUIT\r\n`, () => 5));
    expect(codes).toEqual([220, 250, 500, 503, 221]);
  }
});
