/** End of data, dot-unstuffing and newlines: the byte-driven machines against slow readings of the whole. */

import { describe, expect, test } from "bun:test";
import { DataDecoder } from "../../src/protocol/data.ts";
import { NewlineDecoder } from "../../src/protocol/newline.ts";
import { random, readChunks, readData, toBytes, toText } from "./oracle.ts";

/** What comes out of a decoder that is fed in segments of the given lengths, over and over. */
function decodeData(input: string, normalize: boolean, cuts: () => number): ReturnType<typeof readData> {
  const pieces: Uint8Array[] = [];
  const decoder = new DataDecoder((piece) => pieces.push(piece), normalize);
  const bytes = toBytes(input);
  for (let at = 0; at < bytes.length;) {
    const length = Math.max(1, cuts());
    const end = decoder.push(bytes.subarray(at, at + length));
    if (end >= 0) {
      return { message: toText(pieces), bareNewlines: decoder.bareNewlines, rest: input.slice(at + end) };
    }
    at += length;
  }
  return undefined;
}

function decodeChunks(input: string, normalize: boolean, cuts: () => number): ReturnType<typeof readChunks> {
  const pieces: Uint8Array[] = [];
  const decoder = new NewlineDecoder((piece) => pieces.push(piece), normalize);
  const bytes = toBytes(input);
  for (let at = 0; at < bytes.length;) {
    const length = Math.max(1, cuts());
    if (decoder.push(bytes.subarray(at, at + length)) !== -1) throw new Error("Text that is counted has no end");
    at += length;
  }
  decoder.finish();
  return { message: toText(pieces), bareNewlines: decoder.bareNewlines, rest: "" };
}

const decoders = { DATA: [decodeData, readData], BDAT: [decodeChunks, readChunks] } as const;

describe("every text of up to seven octets of CR, LF, dot and x", () => {
  const texts: string[] = [""];
  for (let at = 0; texts[at]!.length < 7; at++) for (const octet of "\r\n.x") texts.push(texts[at]! + octet);
  for (const normalize of [false, true]) {
    const policy = normalize ? "normalized" : "kept";
    test(`DATA, newlines ${policy}, at once and octet by octet`, () => {
      for (const text of texts) {
        const input = `${text}\r\n.\r\nQUIT\r\n`;
        const wanted = readData(input, normalize);
        for (const cut of [Infinity, 1]) {
          const seen = decodeData(input, normalize, () => Math.min(cut, input.length));
          if (!same(seen, wanted)) expect({ input, cut, seen }).toEqual({ input, cut, seen: wanted });
        }
      }
    });
    test(`BDAT, newlines ${policy}, at once and octet by octet`, () => {
      for (const text of texts) {
        const wanted = readChunks(text, normalize);
        for (const cut of [Infinity, 1]) {
          const seen = decodeChunks(text, normalize, () => Math.min(cut, text.length));
          if (!same(seen, wanted)) expect({ text, cut, seen }).toEqual({ text, cut, seen: wanted });
        }
      }
    });
  }
});

/** How often each octet is drawn; what is left over is any octet at all. */
const mixtures: readonly (readonly [octets: string, share: number])[] = [
  ["\r\n.", 0.9],
  ["\r\n.", 0.3],
  ["\r\n.\0\x0b\x0c\x85\x8d\x0e", 0.05],
];

/** Random octets, with long stretches of the usual between runs of the unusual. */
function randomText(next: () => number, length: number): string {
  const [octets, share] = mixtures[Math.floor(next() * mixtures.length)]!;
  let text = "";
  while (text.length < length) {
    const draw = next();
    if (draw < share) text += octets[Math.floor(next() * octets.length)]!;
    else if (draw < share + 0.02) {
      text += ["\r\n.\r", "\n.\n", "\r\n", "\n.\r\n", "\r.\r\n", ".."][Math.floor(next() * 6)]!;
    } else text += String.fromCharCode(Math.floor(next() * 256));
  }
  return text;
}

/** Random segment lengths: mostly around a few octets, or a few hundred. */
function randomCuts(next: () => number): () => number {
  const most = next() < 0.3 ? 4 : next() < 0.5 ? 40 : 3000;
  return () => 1 + Math.floor(next() * most);
}

const total = 10_000_000;

for (const [verb, [decode, read]] of Object.entries(decoders)) {
  test(`${verb}: ten million random octets in random segments, read as the slow oracle reads them`, () => {
    const next = random(verb.length * 7919 + verb.charCodeAt(0));
    for (let done = 0; done < total;) {
      const normalize = next() < 0.5;
      const input = randomText(next, 1 + Math.floor(next() ** 8 * 200_000)) +
        (next() < 0.9 ? "\r\n.\r\nMAIL FROM:<evil@x.test>\r\n.\r\n" : "");
      const wanted = read(input, normalize);
      // Only what was read counts: what follows the end of data is nobody's text.
      done += input.length - (wanted?.rest.length ?? 0);
      const seen = decode(input, normalize, randomCuts(next));
      if (!same(seen, wanted)) expect({ input, seen }).toEqual({ input, seen: wanted });
    }
  }, 60_000);
}

/** Strings this long are compared as such: a matcher would take them apart. */
function same(a: ReturnType<typeof readData>, b: ReturnType<typeof readData>): boolean {
  return a?.message === b?.message && a?.bareNewlines === b?.bareNewlines && a?.rest === b?.rest;
}
