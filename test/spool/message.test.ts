/** What a spooled message costs in memory, against what it is counted for. */

import { expect, test } from "bun:test";
import { Spool } from "../../src/spool/spool.ts";
import { type Content, StorageError } from "../../src/session/content.ts";

/** Octets of all buffers that a message's pieces look at. */
async function retained(message: { read(): AsyncIterable<Uint8Array> }): Promise<number> {
  const buffers = new Set<ArrayBufferLike>();
  for await (const piece of message.read()) buffers.add(piece.buffer);
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
}

const header = new TextEncoder().encode("Subject: x\r\n");
const emptyLine = new TextEncoder().encode("\r\n");

test("crumbs among larger pieces cost no buffer each", async () => {
  const spool = new Spool();
  const message = spool.open();
  for (let at = 0; at < 1000; at++) {
    message.append(new Uint8Array(512).fill(at % 256));
    message.append(Uint8Array.of(at % 256));
  }
  expect(spool.inMemory).toBe(513_000);
  expect(await retained(message)).toBeLessThan(2 * 513_000);
  let octets = 0;
  for await (const piece of message.read()) octets += piece.length;
  expect(octets).toBe(513_000);
});

test("a header that came in pieces is copied alone, not with the message, and is counted", () => {
  const spool = new Spool();
  const message = spool.open();
  const field = new TextEncoder().encode(`X-Long: ${"x".repeat(600)}`);
  message.append(field.slice());
  message.append(new TextEncoder().encode(`\r\n\r\n${"x".repeat(900_000)}`));
  expect(message.header).toEqual(Uint8Array.of(...field, 13, 10));
  expect(message.header.buffer.byteLength).toBeLessThan(16_384);
  expect(spool.inMemory).toBe(message.size + field.length + 2);
  message.release();
  expect(spool.inMemory).toBe(0);
});

test("a refused message keeps nothing, not even its header", async () => {
  const spool = new Spool({ memoryPerMessage: 1000 });
  const message = spool.open();
  message.append(new Uint8Array(500_000).fill(120));
  await message.settle();
  expect(message.header.length).toBe(500_000);
  expect(spool.inMemory).toBe(500_000);
  message.drop();
  expect(message.header.length).toBe(0);
  expect([spool.inMemory, spool.onDisk]).toEqual([0, 0]);
});

test("a long header is refused when memory is used up, a short one is not", async () => {
  const spool = new Spool({ memoryPerMessage: 1000, memoryBudget: 50_000 });
  const message = spool.open();
  message.append(new Uint8Array(100_000).fill(120));
  await message.settle();
  message.append(new Uint8Array(100_000).fill(120));
  await expect(message.settle()!).rejects.toThrow(StorageError);
  const other = spool.open();
  other.append(header);
  other.append(emptyLine);
  other.append(new Uint8Array(100_000).fill(120));
  await other.settle();
  expect(other.header).toEqual(header);
  for (const each of [message, other]) each.release();
});

test("who waits for room is let in as soon as there is some, in the order of coming, and hears when the message goes", async () => {
  const spool = new Spool({ memoryPerMessage: 1, memoryBudget: 10_000 });
  const messages = await Promise.all([1, 2, 3, 4].map(async () => {
    const message = spool.open();
    message.append(header);
    message.append(new Uint8Array(5000));
    await message.settle();
    return message;
  }));
  const admitted: number[] = [];
  const waits = messages.map((message, index) => message.makeRoom()?.then(() => void admitted.push(index)));
  expect(waits[0]).toBeUndefined();
  expect(messages[1]!.makeRoom()).toBe(messages[1]!.makeRoom());
  messages[1]!.release();
  await expect(waits[1]!).rejects.toThrow("when it is gone");
  expect(admitted).toEqual([]);
  messages[0]!.release();
  await waits[2];
  expect(admitted).toEqual([2]);
  messages[2]!.release();
  await waits[3];
  messages[3]!.release();
  expect([spool.inMemory, spool.onDisk]).toEqual([0, 0]);
});

test("a message that is in memory needs room for the copy of it", () => {
  const spool = new Spool({ memoryBudget: 10_000 });
  const [first, second] = [1, 2].map(() => {
    const message = spool.open();
    message.append(new Uint8Array(3000));
    return message;
  }) as [Content, Content];
  expect(first.makeRoom()).toBeUndefined();
  expect(spool.inMemory).toBe(9000);
  expect(second.makeRoom()).toBeInstanceOf(Promise);
  first.release();
  expect(spool.inMemory).toBe(6000);
  second.release();
  expect(spool.inMemory).toBe(0);
});
