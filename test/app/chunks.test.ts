/** A message piece by piece: wherever it is cut, and wherever its reader begins. */

import { expect, test } from "bun:test";
import { Chunks } from "../../src/app/chunks.ts";
import { Spool } from "../../src/spool/spool.ts";

const decoder = new TextDecoder();
/** So long that each stays a piece of its own. */
const block = 600;
const blocks = ["a", "b", "c", "d"].map((letter) => letter.repeat(block));
const whole = blocks.join("");

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of chunks) text += decoder.decode(chunk);
  return text;
}

for (const [place, memoryPerMessage] of [["memory", 1 << 20], ["a file", 0]] as const) {
  test(`a message in ${place} is read whole from any octet on, by several at once, and by those who stop`, async () => {
    for (let first = 0; first <= blocks.length; first++) {
      for (let second = first; second <= blocks.length; second++) {
        const content = new Spool({ memoryPerMessage }).open();
        for (const [from, to] of [[0, first], [first, second], [second, blocks.length]] as const) {
          if (from === to) continue;
          content.append(new TextEncoder().encode(blocks.slice(from, to).join("")));
          await content.settle();
        }
        const cuts = [0, block, first * block, second * block, whole.length];
        const skips = new Set(cuts.flatMap((cut) => [cut - 1, cut, cut + 1]));
        for (const skip of skips) {
          if (skip < 0 || skip > whole.length) continue;
          for (const head of ["", "Head"]) {
            const read = () => new Chunks(new TextEncoder().encode(head), content, skip);
            const wanted = head + whole.slice(skip);
            for await (const _ of read()) break;
            const stopped = read();
            await stopped.next();
            await stopped.return();
            expect((await stopped.next()).done).toBe(true);
            const texts = await Promise.all([textOf(read()), textOf(read())]);
            if (texts.some((text) => text !== wanted)) expect({ first, second, skip, texts }).toBe(wanted as never);
          }
        }
        const late = new Chunks(new Uint8Array(1), content, 0);
        await late.next();
        content.release();
        await expect(late.next()).rejects.toThrow("read after its reply");
      }
    }
  });
}
