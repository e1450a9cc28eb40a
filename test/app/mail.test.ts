import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Mail, Postern, type SpoolOptions } from "postern";
import { createEngine } from "../../src/engine.ts";
import { MemorySocket } from "../../src/testing/memorysocket.ts";
import { send, TestClient } from "postern/testing";
import { SpooledMessage } from "../../src/spool/message.ts";
import { Spool } from "../../src/spool/spool.ts";

/** Hands a message to `look`, as each recipient's handler sees it, and returns what the server said. */
async function looked(
  data: string | Uint8Array,
  look: (mail: Mail, at: number) => unknown,
  spool: SpoolOptions = {},
  to: readonly string[] = ["a@x.test"],
): Promise<string> {
  let at = 0;
  let problem: unknown;
  const app = new Postern().deliver("*", async (c) => {
    try {
      await look(c.var.mail, at++);
    } catch (error) {
      problem ??= error;
    }
    return c.body(null, 204);
  });
  const said = await send(app, { from: "s@y.test", to, data }, { spool });
  if (problem !== undefined) throw problem;
  return said.data!.raw;
}

const whereabouts: Readonly<Record<string, SpoolOptions>> = {
  "in memory": {},
  "in a file": { memoryPerMessage: 1 },
  "in a file from the middle on": { memoryPerMessage: 500 },
  "in a file for want of memory": { memoryBudget: 1 },
};

const header = "Received: one\r\nSubject: a\r\n folded\r\nX: 1\r\nx: 2\r\nReceived: two\r\n";
const message = `${header}\r\n${"body \u00fc.\r\n".repeat(2000)}`;

for (const [where, spool] of Object.entries(whereabouts)) {
  describe(`a message ${where}`, () => {
    test("is the same, however and how often it is read", async () => {
      expect(
        await looked(message, async (mail) => {
          const text = await mail.text();
          expect(text).toEndWith(message);
          expect(text).toMatch(
            /^Return-Path: <s@y\.test>\r\nReceived: from client\.test \(\[127\.0\.0\.1\]\)\r\n\tby mx\.test with ESMTP id /,
          );
          expect(text.slice(0, -message.length)).toMatch(/\r\n\tfor <a@x\.test>;\r\n\t.* \+0000\r\n$/);
          const bytes = await mail.bytes();
          expect(bytes.length).toBe(mail.size);
          expect(new TextDecoder().decode(bytes)).toBe(text);
          for (let again = 0; again < 2; again++) expect(await new Response(mail.stream()).text()).toBe(text);
          const first = mail.stream().getReader();
          await first.read();
          await first.cancel();
          const both = await Promise.all([new Response(mail.stream()).text(), mail.text()]);
          expect(both).toEqual([text, text]);
        }, spool),
      ).toStartWith("250");
    });

    test("has its header fields in order, duplicates kept, unfolded", async () => {
      await looked(message, (mail) => {
        const names = [...mail.headers].map(([name]) => name);
        expect(names).toEqual(["Return-Path", "Received", "Received", "Subject", "X", "x", "Received"]);
        expect(mail.headers.getAll("received").slice(1)).toEqual(["one", "two"]);
        expect(mail.headers.getAll("X")).toEqual(["1", "2"]);
        expect(mail.headers.get("SUBJECT")).toBe("a folded");
        expect(mail.headers.get("__proto__")).toBeUndefined();
        expect(mail.headers.has("subject")).toBe(true);
        expect(mail.headers.has("subj")).toBe(false);
        expect(mail.headers.getAll("none")).toEqual([]);
        expect(mail.headers).toBe(mail.headers);
      }, spool);
    });

    test("has all of a long header", async () => {
      const fields = Array.from({ length: 3000 }, (_, at) => `X-${at}: ${"v".repeat(at % 60)}\r\n`).join("");
      await looked(`${fields}\r\nX-None: body\r\n`, (mail) => {
        expect([...mail.headers].length).toBe(3002);
        expect(mail.headers.has("X-None")).toBe(false);
      }, spool);
    });

    test("that loops is recognized", async () => {
      const looping = `${"Received: x\r\n".repeat(101)}\r\nhi`;
      expect(await looked(looping, () => expect.unreachable(), spool)).toStartWith("554 5.4.6");
    });

    test("belongs to each reader alone: who changes what was read changes nothing for the next", async () => {
      let text = "";
      await looked(
        message,
        async (mail, at) => {
          if (at === 0) text = await mail.text();
          (await mail.bytes()).fill(0);
          for await (const chunk of mail.stream()) chunk.fill(0);
          const parsed = await mail.parse();
          expect(parsed.subject).toBe("a folded");
          expect(await mail.text()).toBe(text);
        },
        spool,
        ["a@x.test", "b@x.test"],
      );
    });

    test("has a fingerprint that is the same when it is sent again, and only then", async () => {
      const prints: string[] = [];
      const one = (data: string | Uint8Array, to?: readonly string[]) =>
        looked(data, async (mail) => prints.push(await mail.fingerprint()), spool, to);
      await one(message);
      await one(message, ["b@x.test", "c@x.test"]);
      expect(prints).toHaveLength(3);
      expect(prints[0]).toMatch(/^[0-9a-f]{64}$/);
      expect(new Set(prints).size).toBe(1);
      await one(message + " ");
      await one(message.replace("a\r\n", "b\r\n"));
      await one("");
      await one("\r\n");
      expect(new Set(prints).size).toBe(5);
    });

    test("is parsed once for all its recipients", async () => {
      const parsed = new Set();
      await looked(
        message,
        async (mail) => {
          const [one, two] = await Promise.all([mail.parse(), mail.parse()]);
          parsed.add(one).add(two);
          expect(one.text).toStartWith("body \u00fc.");
        },
        spool,
        ["a@x.test", "b@x.test"],
      );
      expect(parsed.size).toBe(1);
    });

    test("stays readable for waitUntil(), and the server waits for that", async () => {
      let release = () => {};
      let read: string | undefined;
      const app = new Postern().deliver("*", (c) => {
        const later = new Promise<void>((resolve) => release = resolve);
        c.executionCtx.waitUntil(later.then(async () => {
          await Bun.sleep(1);
          read = await c.var.mail.text();
        }));
        return c.body(null, 204);
      });
      const client = new TestClient(app, { spool });
      for (const line of ["EHLO c.test", "MAIL FROM:<>", "RCPT TO:<a@x.test>", "DATA", `${message}.`, "QUIT"]) {
        await client.reply();
        client.write(`${line}\r\n`);
      }
      expect((await client.reply()).code).toBe(221);
      await client.closed();
      expect(read).toBeUndefined();
      release();
      await client.close();
      expect(read).toEndWith(message);
    });

    test("is gone after the reply, and says so to whoever comes late", async () => {
      let kept: Mail | undefined;
      let late: ((work: Promise<unknown>) => void) | undefined;
      const app = new Postern().deliver("*", (c) => {
        kept = c.var.mail;
        late = (work) => c.executionCtx.waitUntil(work);
        return c.body(null, 204);
      });
      await send(app, { from: "", to: "a@x.test", data: message }, { spool });
      late!(Bun.sleep(5));
      const mail = kept!;
      const ways: (() => unknown)[] = [
        () => mail.text(),
        () => mail.bytes(),
        () => mail.fingerprint(),
        () => mail.parse(),
        () => new Response(mail.stream()).text(),
        async () => await mail.headers,
      ];
      for (const way of ways) await expect((async () => await way())()).rejects.toThrow(/after its reply.*waitUntil/);
      expect(mail.size).toBeGreaterThan(message.length);
    });
  });
}

test("whoever reads the stream owns its chunks, also where a runtime gives Buffers, whose slice() is a view", async () => {
  const app = new Postern();
  const read: string[] = [];
  app.deliver(":user@x.test", async (c) => {
    for await (const chunk of c.var.mail.stream()) {
      structuredClone(chunk, { transfer: [chunk.fill(0).buffer] });
    }
    read.push((await c.var.mail.text()).split("\r\n\r\n")[1] ?? "");
    return c.body(null, 204);
  });
  const engine = createEngine(app, { name: "mx.test" });
  let said = "";
  const socket = new MemorySocket((bytes) => said += bytes === null ? "" : new TextDecoder().decode(bytes));
  engine.accept(socket);
  const body = "x".repeat(2000);
  const lines = ["EHLO c.test", "MAIL FROM:<>", "RCPT TO:<a@x.test>", "RCPT TO:<b@x.test>", "DATA"];
  for (const line of [...lines, `Subject: x\r\n\r\n${body}\r\n.\r\nQUIT`]) {
    socket.receive(Buffer.from(`${line}\r\n`));
    await Bun.sleep(1);
  }
  while (!said.includes("\r\n221 ")) await Bun.sleep(1);
  expect(read).toEqual([`${body}\r\n`, `${body}\r\n`]);
  expect(said).toContain("250 2.0.0 Ok: queued as");
  await engine.close();
});

describe("a message of any kind", () => {
  test.each<[what: string, data: string | Uint8Array]>([
    ["empty", ""],
    ["one empty line", "\r\n"],
    ["dots", ".\r\n..\r\n...\r\n.x\r\n"],
    [
      "all octets but CR and LF",
      Uint8Array.from(Array.from({ length: 256 }, (_, i) => i).filter((i) => i !== 10 && i !== 13)),
    ],
    ["a line of 100 000 octets", "x".repeat(100_000)],
    ["nothing but line ends", "\r\n".repeat(3000)],
  ])("%s: octet for octet", async (_, data) => {
    const octets = typeof data === "string" ? new TextEncoder().encode(data) : data;
    for (const spool of Object.values(whereabouts)) {
      await looked(data, async (mail) => {
        const bytes = await mail.bytes();
        const content = bytes.subarray(
          mail.size - octets.length - (octets.at(-1) === 10 || octets.length === 0 ? 0 : 2),
        );
        expect(Buffer.from(content.subarray(0, octets.length)).equals(Buffer.from(octets))).toBe(true);
      }, spool);
    }
  });

  test("leaves no file, whatever its handler did", async () => {
    const directory = mkdtempSync(join(tmpdir(), "postern-"));
    try {
      const app = new Postern();
      app.deliver("throws@x.test", () => Promise.reject(new Error("x")));
      app.deliver("hangs@x.test", () => new Promise<never>(() => {}));
      app.deliver("half@x.test", async (c) => {
        await c.var.mail.stream().getReader().read();
        return c.body(null, 204);
      });
      app.deliver("*", (c) => c.body(null, 204));
      for (const user of ["throws", "hangs", "half", "all"]) {
        const options = { spool: { directory, memoryPerMessage: 100 }, timeouts: { handler: 20 } };
        await send(app, { from: "", to: `${user}@x.test`, data: message }, options);
        expect(readdirSync(directory)).toEqual([]);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("the spool counts", () => {
  test.each([[{}], [{ memoryPerMessage: 10 }], [{ memoryBudget: 10 }]])("back to nothing: %j", async (options) => {
    const spool = new Spool(options);
    for (const isDropped of [false, true]) {
      const content = new SpooledMessage(spool);
      for (const piece of [header.slice(0, 20), header.slice(20), "\r\n", "x".repeat(5000)]) {
        content.append(new TextEncoder().encode(piece));
        await content.settle();
      }
      expect(spool.inMemory + spool.onDisk).toBeGreaterThanOrEqual(content.size);
      expect(new TextDecoder().decode(content.header)).toBe(header);
      content.hold();
      if (isDropped) content.drop();
      content.release();
      if (!isDropped) expect(spool.inMemory + spool.onDisk).toBeGreaterThan(0);
      content.release();
      content.release();
      content.hold();
      expect([spool.inMemory, spool.onDisk]).toEqual([0, 0]);
      expect(() => content.header).toThrow("after its reply");
    }
  });

  test("a header without an end is kept to a mebibyte", async () => {
    const spool = new Spool({ memoryPerMessage: 1 });
    const content = new SpooledMessage(spool);
    const piece = new TextEncoder().encode(`X: ${"v".repeat(95)}\r\n`.repeat(1000));
    for (let at = 0; at < 15; at++) {
      content.append(piece.slice());
      await content.settle();
    }
    expect(content.header.length).toBe(1024 * 1024);
    expect(spool.inMemory).toBe(1024 * 1024);
    content.release();
    expect([spool.inMemory, spool.onDisk]).toEqual([0, 0]);
  });
});
