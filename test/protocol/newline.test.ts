/** The search for newlines: whatever the memory's alignment, wherever they are. */

import { expect, test } from "bun:test";
import { Newlines } from "../../src/protocol/newline.ts";

const memory = new Uint8Array(1024);

for (const filler of [0x78, 0x09, 0x0b, 0x0e, 0x8a, 0x8d, 0xff]) {
  test(`among octets of ${filler}, each newline is found from wherever it is looked for`, () => {
    // Newlines around the chunk are none of its own.
    memory.fill(0x0a);
    for (const length of [0, 1, 7, 255, 256, 257, 258, 259, 263, 264]) {
      for (let offset = 8; offset < 16; offset++) {
        const chunk = memory.subarray(offset, offset + length).fill(filler);
        const newlines = new Newlines(chunk);
        for (let at = 0; at <= length; at++) {
          if (at === 20) at = Math.max(20, length - 20);
          if (at < length) chunk[at] = at % 2 === 0 ? 0x0d : 0x0a;
          for (let back = 0; back <= Math.min(at, 17); back++) {
            const found = newlines.next(at - back);
            if (found !== at) {
              expect({ length, offset, at, back, found }).toEqual({ length, offset, at, back, found: at });
            }
          }
          if (at < length) chunk[at] = filler;
        }
        chunk.fill(0x0a);
      }
    }
  });
}
