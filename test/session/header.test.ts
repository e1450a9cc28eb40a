/** A header section without an end: nobody could say what stands in it. */

import { expect, test } from "bun:test";
import { Postern } from "postern";
import { send } from "postern/testing";
import { converse, segments } from "./machine.ts";

const mebibyte = 1024 * 1024;

/** A header section of so many octets, with the empty line behind it. */
const message = (octets: number): string => `X-Long: ${"x".repeat(octets - 12)}\r\n\r\nbody\r\n`;

test.each<[string, (text: string) => string]>([
  ["DATA", (text) => `DATA\r\n${text}.\r\n`],
  ["BDAT", (text) => `BDAT ${text.length} LAST\r\n${text}`],
  ["BDAT in two chunks", (text) => `BDAT 20\r\n${text.slice(0, 20)}BDAT ${text.length - 20} LAST\r\n${text.slice(20)}`],
])("by %s a header is taken up to a mebibyte, and refused past it", async (_, command) => {
  for (const [octets, reply] of [[mebibyte, "250 2.0.0 "], [mebibyte + 1, "552 5.3.4 Header too large"]] as const) {
    const text = `EHLO c.test\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\n${command(message(octets))}QUIT\r\n`;
    const { output, taken } = await converse(segments(text, () => 65_536));
    expect(output.split("\r\n").at(-3)).toStartWith(reply);
    expect(taken).toHaveLength(octets === mebibyte ? 1 : 0);
  }
});

test("by LMTP, too, for each recipient", async () => {
  const app = new Postern();
  app.deliver("*", (c) => c.body(null, 204));
  const data = message(mebibyte + 1);
  const { each } = await send(app, { from: "a@x.test", to: ["b@y.test", "c@y.test"], data }, { protocol: "lmtp" });
  expect(each?.map(({ raw }) => raw)).toEqual(Array(2).fill("552 5.3.4 Header too large"));
});
