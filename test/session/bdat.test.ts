/** BDAT where it is not a dialogue: what stays behind when the client goes, dawdles or asks for too much. */

import { expect, test } from "bun:test";
import { Postern } from "postern";
import { TestClient } from "postern/testing";
import { Spool } from "../../src/spool/spool.ts";
import { toBytes, toText } from "../protocol/oracle.ts";
import { converse, Machine, segments } from "./machine.ts";

const envelope = "EHLO c.test\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\n";

/** Lets the session have its turns until it has come to something. */
async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await new Promise((resolve) => setImmediate(resolve));
}

/** What was sent when the client went away; nothing may be delivered, and nothing may stay behind. */
const unfinished: [name: string, sent: string][] = [
  ["in the middle of the first chunk", "BDAT 10\r\n12345"],
  ["in the middle of the last chunk", "BDAT 5\r\n12345BDAT 10 LAST\r\n12345"],
  ["before the first octet of a last chunk", "BDAT 1 LAST\r\n"],
  ["between chunks", "BDAT 5\r\n12345"],
  ["in the middle of a command behind a chunk", "BDAT 5\r\n12345BDAT 5 LA"],
  ["in the middle of a chunk that is passed over", "BDAT 300\r\n" + "x".repeat(300) + "BDAT 10\r\n1"],
  ["in the middle of a chunk for nobody", "RSET\r\nBDAT 10\r\n1"],
  ["after so much that it is in a file", `BDAT 100000\r\n${"line\r\n".repeat(10_000)}`],
];
for (const [name, sent] of unfinished) {
  test(`88 the end of the connection ${name}`, async () => {
    for (const cut of [Infinity, 7]) {
      const maxSize = name.includes("passed over") ? 200 : 1_000_000;
      const { taken, codes } = await converse(segments(envelope + sent, () => cut), { maxSize });
      expect(taken).toEqual([]);
      expect(codes.slice(0, 4)).toEqual([220, 250, 250, 250]);
    }
  });
}

test("90 a hundred thousand chunks of one octet are one message", async () => {
  const text = `${envelope}${"BDAT 1\r\nx".repeat(100_000)}BDAT 0 LAST\r\nQUIT\r\n`;
  const { taken, codes } = await converse(segments(text, () => 65_536));
  expect(codes.length).toBe(4 + 100_000 + 2);
  expect(taken[0]?.content).toBe("x".repeat(100_000));
}, 20_000);

test("90 a message in crumbs is held in few pieces, in memory and in its file", async () => {
  for (const memoryPerMessage of [1_000_000, 1000]) {
    const spool = new Spool({ memoryPerMessage });
    const message = spool.open();
    for (let at = 0; at < 100_000; at++) {
      message.append(Uint8Array.of(at));
      const settling = message.settle();
      if (settling !== undefined) await settling;
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of message.read()) pieces.push(piece);
    expect(pieces.length).toBeLessThan(30);
    const whole = new Uint8Array(100_002);
    await message.copyTo(whole, 1);
    expect(toText(pieces)).toBe(toText([whole.subarray(1, -1)]));
    expect(whole.every((octet, at) => at === 0 || at === 100_001 || octet === ((at - 1) & 0xff))).toBe(true);
    expect(spool.inMemory + spool.onDisk).toBeGreaterThanOrEqual(100_000);
    message.release();
    expect(spool.inMemory + spool.onDisk).toBe(0);
  }
});

test("83 a chunk that is announced costs nothing until it comes", async () => {
  const machine = new Machine({ maxSize: Number.MAX_SAFE_INTEGER });
  machine.socket.receive(toBytes(`${envelope}BDAT 9007199254740991\r\nabc`));
  await until(() => machine.spool.inMemory > 0);
  expect(machine.spool.inMemory).toBe(3);
  machine.socket.receiveEnd();
  expect((await machine.outcome()).taken).toEqual([]);
});

test("81 104 a chunk in the clear, where TLS is needed, is passed over", async () => {
  const text = "EHLO c.test\r\nBDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nRSET\r\nNOOP\r\nQUIT\r\n";
  const { codes } = await converse(segments(text, () => 4), { requireTls: true });
  expect(codes).toEqual([220, 250, 530, 530, 250, 221]);
});

test("84 what is too large is let go of at once, not at the last chunk", async () => {
  const machine = new Machine({ maxSize: 10 });
  machine.socket.receive(toBytes(`${envelope}BDAT 5\r\n12345BDAT 1000\r\n${"x".repeat(100)}`));
  await until(() => machine.output.includes("5 octets"));
  await until(() => machine.spool.inMemory === 0);
  machine.socket.receiveEnd();
  await machine.outcome();
});

test("87 RSET lets go of the chunks", async () => {
  const machine = new Machine();
  machine.socket.receive(toBytes(`${envelope}BDAT 5\r\n12345`));
  await until(() => machine.output.includes("5 octets"));
  expect(machine.spool.inMemory).toBe(5);
  machine.socket.receive(toBytes("RSET\r\n"));
  await until(() => machine.spool.inMemory === 0);
  machine.socket.receiveEnd();
  await machine.outcome();
});

test("a disk that is full is 452, and the other chunks are passed over", async () => {
  const app = new Postern();
  app.deliver("*", (c) => c.body(null, 204));
  const client = new TestClient(app, { pipelining: "lenient", spool: { memoryPerMessage: 10, diskBudget: 20 } });
  client.write(
    `${envelope}BDAT 5\r\n12345BDAT 20\r\n${"x".repeat(20)}BDAT 6\r\nQUIT\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n`,
  );
  const codes: number[] = [];
  for (let i = 0; i < 9; i++) codes.push((await client.reply()).code);
  expect(codes).toEqual([220, 250, 250, 250, 250, 452, 551, 551, 250]);
  await client.close();
});

/** What the client sends before it falls silent. */
const silences: [name: string, sent: string, codes: number[]][] = [
  ["in a chunk", "BDAT 10\r\n12345", []],
  ["in a chunk that is passed over", "RSET\r\nBDAT 10\r\n12345", [250]],
  ["between chunks", "BDAT 5\r\n12345", [250]],
];
for (const [name, sent, codes] of silences) {
  test(`125 a client that falls silent ${name} is told 421`, async () => {
    const app = new Postern();
    app.deliver("*", (c) => c.body(null, 204));
    const client = new TestClient(app, { pipelining: "lenient", timeouts: { block: 50, command: 5000 } });
    client.write(envelope + sent);
    const replies = await client.closed();
    expect(replies.map(({ code }) => code)).toEqual([220, 250, 250, 250, ...codes, 421]);
    expect(replies.at(-1)?.enhanced).toBe("4.4.2");
    await client.close();
  });
}

test("125 chunk after chunk of one octet does not buy more time than one message has", async () => {
  const app = new Postern();
  app.deliver("*", (c) => c.body(null, 204));
  const client = new TestClient(app, { pipelining: "lenient", timeouts: { block: 100 }, minDataRate: 1_000_000 });
  client.write(envelope);
  for (let i = 0; i < 4; i++) await client.reply();
  const dripping = setInterval(() => client.write("BDAT 1\r\nx"), 5);
  const replies = await client.closed();
  clearInterval(dripping);
  expect(replies.at(-1)?.raw).toStartWith("421 4.4.2");
  await client.close();
});
