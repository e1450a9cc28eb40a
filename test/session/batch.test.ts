import { describe, expect, spyOn, test } from "bun:test";
import { Postern, reply, type ServeOptions } from "postern";
import { createEngine, type Engine } from "../../src/engine.ts";
import { Inbox } from "../../src/inbox.ts";
import { Spool } from "../../src/spool/spool.ts";
import type { Socket } from "../../src/socket.ts";

/** A socket that keeps apart what was written at once. */
class CountingSocket implements Socket {
  readonly local = { address: "127.0.0.1", port: 25 };
  readonly remote = { address: "127.0.0.1", port: 50_000 };
  readonly tls = undefined;
  readonly #inbox = new Inbox(() => {}, () => {});
  readonly #decoder = new TextDecoder();
  writes: string[] = [];

  say(text: string): void {
    this.#inbox.push(new TextEncoder().encode(text));
  }

  push(bytes: Uint8Array): void {
    this.#inbox.push(bytes);
  }

  /** What was written since it was asked last, once so many replies are there. */
  async heard(replies = 1): Promise<string[]> {
    while ((this.writes.join("").match(/^\d{3} /gm)?.length ?? 0) < replies) await Bun.sleep(0);
    return this.writes.splice(0);
  }

  read(): Promise<Uint8Array | null> {
    return this.#inbox.read();
  }

  write(bytes: Uint8Array): undefined {
    this.writes.push(this.#decoder.decode(bytes));
  }

  close(): void {
    this.#inbox.discard();
  }

  destroy(): void {
    this.#inbox.discard();
  }
}

function conversing(app: Postern, options: ServeOptions = {}): { socket: CountingSocket; engine: Engine } {
  const engine = createEngine(app, { name: "mx.test", ...options });
  const socket = new CountingSocket();
  engine.accept(socket);
  return { socket, engine };
}

const codes = (written: string) => written.trimEnd().split("\r\n").map((line) => line.slice(0, 3)).join(" ");

describe("replies to a pipelined batch (RFC 2920 section 3.2, row 93)", () => {
  for (const [how, isAsync] of [["at once", false], ["in their own time", true]] as const) {
    test(`leave in one write, when handlers answer ${how}`, async () => {
      const app = new Postern();
      app.rcpt("refused@x.test", () => reply(550, "5.1.1", "No"));
      app.deliver("*@x.test", async (c) => {
        if (isAsync) await Bun.sleep(0);
        return c.body(null, 204);
      });
      if (isAsync) {
        app.use(async (_, next) => {
          await Promise.resolve();
          await next();
        });
      }
      const { socket, engine } = conversing(app);
      expect((await socket.heard()).map(codes)).toEqual(["220"]);
      socket.say("EHLO c.test\r\n");
      expect((await socket.heard()).map(codes)).toEqual(["250 250 250 250 250 250 250 250 250 250"]);
      const envelope =
        "MAIL FROM:<s@y.test>\r\nRCPT TO:<a@x.test>\r\nRCPT TO:<refused@x.test>\r\nRCPT TO:<b@x.test>\r\n";
      socket.say(`${envelope}DATA\r\n`);
      expect((await socket.heard(5)).map(codes)).toEqual(["250 250 550 250 354"]);
      // The end of one message, the next envelope, and QUIT behind it.
      socket.say(`hi\r\n.\r\n${envelope}RSET\r\nQUIT\r\n`);
      expect((await socket.heard(7)).map(codes)).toEqual(["250 250 250 550 250 250 221"]);
      await engine.close();
    });
  }

  test("a batch cut in the middle of a line leaves in as many writes as it came in reads", async () => {
    const { socket, engine } = conversing(new Postern().deliver("*", (c) => c.body(null, 204)));
    socket.say("EHLO c.test\r\n");
    await socket.heard();
    socket.say("MAIL FROM:<>\r\nRCPT TO:<a@x.te");
    expect((await socket.heard()).map(codes)).toEqual(["250"]);
    socket.say("st>\r\nRCPT TO:<b@x.test>\r\n");
    expect((await socket.heard(2)).map(codes)).toEqual(["250 250"]);
    await engine.close({ grace: 1 });
  });
});

describe("an idle connection holds on to nothing", () => {
  test("of the octets that it was sent", async () => {
    const { socket, engine } = conversing(new Postern().deliver("*", (c) => c.body(null, 204)));
    const chunks: WeakRef<Uint8Array>[] = [];
    const say = (text: string) => {
      const bytes = new Uint8Array(100_000);
      const { written } = new TextEncoder().encodeInto(text, bytes);
      chunks.push(new WeakRef(bytes));
      socket.push(bytes.subarray(0, written));
    };
    say("EHLO c.test\r\n");
    await socket.heard();
    for (let count = 0; count < 20; count++) {
      say("MAIL FROM:<s@y.test>\r\nRCPT TO:<a@x.test>\r\nDATA\r\n");
      await socket.heard(3);
      say(`${"x".repeat(70)}\r\n`.repeat(1000) + ".\r\n");
      await socket.heard();
    }
    Bun.gc(true);
    await Bun.sleep(1);
    Bun.gc(true);
    // A conservative collector may overlook a few that a register still seems to point at.
    expect(chunks.filter((chunk) => chunk.deref() !== undefined).length).toBeLessThan(5);
    await engine.close({ grace: 1 });
  });

  test.each<[how: string, octets: string | null, code: string]>([
    ["taken", ".\r\n", "250"],
    ["refused by a handler", "refuse\r\n.\r\n", "550"],
    ["refused for a bare newline", "\nx\r\n.\r\n", "550"],
    ["too large", `${"x\r\n".repeat(5000)}.\r\n`, "552"],
    ["broken off", null, ""],
  ])("of messages, in memory or on disk: %s", async (_, octets, code) => {
    const memory = spyOn(Spool.prototype, "countMemory");
    const disk = spyOn(Spool.prototype, "countDisk");
    const counted = () => [memory, disk].flatMap(({ mock }) => mock.calls).reduce((sum, [octets]) => sum + octets, 0);
    const app = new Postern().deliver("*", async (c) => {
      return c.body(null, (await c.var.mail.text()).includes("refuse") ? 403 : 204);
    });
    try {
      for (const spool of [{}, { memoryPerMessage: 10 }]) {
        const { socket, engine } = conversing(app, { spool, maxSize: 10_000 });
        await socket.heard();
        socket.say("EHLO c.test\r\n");
        await socket.heard();
        socket.say("MAIL FROM:<>\r\nRCPT TO:<a@x.test>\r\nDATA\r\n");
        await socket.heard(3);
        socket.say("x\r\n".repeat(1000));
        while (counted() === 0) await Bun.sleep(0);
        if (octets === null) socket.close();
        else {
          socket.say(octets);
          expect((await socket.heard()).map(codes)).toEqual([code]);
          expect(counted()).toBe(0);
        }
        await engine.close({ grace: 1 });
        expect(counted()).toBe(0);
        expect(disk.mock.calls.length > 0).toBe("memoryPerMessage" in spool);
      }
    } finally {
      memory.mockRestore();
      disk.mockRestore();
    }
  });
});
