/** How the network cuts the client's octets must not show: in no dialogue, and in no long session made up at random. */

import { describe, expect, test } from "bun:test";
import { TestClient } from "postern/testing";
import { hold } from "../../src/testing/dialogue.ts";
import { compareDelivered, readCases } from "../conformance/cases.ts";
import { apps, type Deliveries } from "../fixture/apps.ts";
import { random, readChunks, readData } from "../protocol/oracle.ts";
import { converse, segments, type Taken } from "./machine.ts";

describe("every dialogue, cut at random", () => {
  for (const [index, { title, app, options, isCut, script, delivered }] of readCases().entries()) {
    if (isCut) continue;
    test(title, async () => {
      const next = random(index);
      const deliveries: Deliveries = [];
      const client = new TestClient(apps[app](deliveries), options);
      const write = client.write.bind(client);
      client.write = (data) => {
        const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
        for (let at = 0; at < bytes.length;) {
          const length = 1 + Math.floor(next() * 9);
          write(bytes.slice(at, at + length));
          at += length;
        }
      };
      await hold(client, script);
      await client.close();
      const [wanted, seen] = compareDelivered(delivered, deliveries);
      expect(seen).toEqual(wanted);
    });
  }
});

/** Text with all that is special in it. */
function randomText(next: () => number): string {
  const words = [
    "x",
    ".",
    "..",
    "\r\n",
    "\r\n.",
    "\n",
    "\r",
    "\0",
    "\xff",
    "word ",
    "\r\nQUIT\r\n",
    "\r\n.\n",
    "BDAT 5\r\n",
  ];
  const few = next() < 0.5 ? 4 : words.length;
  let text = "";
  for (let i = Math.floor(next() ** 3 * 400); i > 0; i--) text += words[Math.floor(next() * few)]!;
  return text;
}

interface Session {
  readonly text: string;
  readonly codes: readonly number[];
  readonly taken: readonly Taken[];
}

/** A session of messages by DATA and by BDAT, and what the slow oracle makes of it. */
function randomSession(next: () => number, normalize: boolean): Session {
  let text = "EHLO c.test\r\n";
  const codes = [220, 250];
  const taken: Taken[] = [];
  const takeOrRefuse = ({ message, bareNewlines }: { message: string; bareNewlines: number }) => {
    const isRefused = bareNewlines > 0 && !normalize;
    if (!isRefused) taken.push({ from: "a@x.test", to: ["b@y.test"], content: message });
    return isRefused ? 550 : 250;
  };
  for (let i = 1 + Math.floor(next() * 8); i > 0; i--) {
    text += "MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\n";
    codes.push(250, 250);
    if (next() < 0.4) {
      // The end may come in the middle of what was made up: the rest would be commands, so it is left out.
      const data = `${randomText(next)}\r\n.\r\n`;
      const read = readData(data, normalize)!;
      text += `DATA\r\n${data.slice(0, data.length - read.rest.length)}`;
      codes.push(354, takeOrRefuse(read));
      continue;
    }
    let whole = "";
    let hasFailed = false;
    for (let chunks = 1 + Math.floor(next() * 5); chunks > 0; chunks--) {
      const chunk = randomText(next);
      const isLast = chunks === 1;
      text += `BDAT ${chunk.length}${isLast ? " LAST" : ""}\r\n${chunk}`;
      whole += chunk;
      if (hasFailed) codes.push(551);
      else if (isLast) codes.push(takeOrRefuse(readChunks(whole, normalize)));
      else {
        // A CR at the end may get its LF with the next chunk.
        hasFailed = !normalize && readChunks(whole.replace(/\r$/, ""), false).bareNewlines > 0;
        codes.push(hasFailed ? 550 : 250);
      }
    }
  }
  return { text: `${text}QUIT\r\n`, codes: [...codes, 221], taken };
}

for (const bareNewline of ["reject", "normalize"] as const) {
  test(
    `random messages by DATA and BDAT, ${bareNewline}: as the oracle has it, whole and in random segments`,
    async () => {
      for (let seed = 0; seed < 300; seed++) {
        const next = random(seed);
        const { text, codes, taken } = randomSession(next, bareNewline === "normalize");
        const whole = await converse(segments(text, () => Infinity), { bareNewline });
        expect({ seed, codes: whole.codes, taken: whole.taken }).toEqual({ seed, codes, taken });
        for (const most of [1, 3, 50]) {
          const split = await converse(segments(text, () => 1 + Math.floor(next() * most)), { bareNewline });
          expect({ seed, most, ...split }).toEqual({ seed, most, ...whole });
        }
      }
    },
    30_000,
  );
}
