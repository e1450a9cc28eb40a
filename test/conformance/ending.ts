/** Part G: how sessions end, and that nothing is left of them. */

import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { envelope, expectCodes, serving, type Subject } from "./conformance.ts";
import { until } from "./limits.ts";
import { Runtime } from "../runtime.ts";
import { WireClient } from "../wire.ts";

export function endingRows(subject: Subject): void {
  describe("ending", () => {
    test("124: a client that says nothing", async () => {
      await serving(subject, "conformance", { timeouts: { command: 200 } }, async (served) => {
        const client = await WireClient.connect({ port: served.port });
        await client.reply();
        expect((await client.reply()).raw).toStartWith("421 4.4.2");
        expect(await client.closed()).toEqual([]);
        await until(async () => await served.sessions() === 0);
      });
    });

    test("124: a client that stops in the middle of its message", async () => {
      await serving(subject, "conformance", { timeouts: { block: 200 } }, async (served) => {
        const client = await envelope(served.port);
        await client.command("DATA");
        client.write("half of it");
        expect((await client.reply()).raw).toStartWith("421 4.4.2");
        await client.closed();
        expect(await served.deliveries()).toEqual([]);
      });
    });

    test("125: a command that drips", async () => {
      await serving(subject, "conformance", { timeouts: { command: 400 } }, async (served) => {
        const client = await WireClient.connect({ port: served.port });
        await client.reply();
        const drip = setInterval(() => client.write("N"), 50);
        expect((await client.reply()).raw).toStartWith("421 4.4.2");
        clearInterval(drip);
        client.destroy();
      });
    });

    test("125: a message that drips", async () => {
      await serving(subject, "conformance", { timeouts: { block: 300 }, minDataRate: 1000 }, async (served) => {
        const client = await envelope(served.port);
        await client.command("DATA");
        const drip = setInterval(() => client.write("x\r\n"), 50);
        expect((await client.reply()).raw).toStartWith("421 4.4.2");
        clearInterval(drip);
        client.destroy();
      });
    });

    test("126: clients that vanish, by FIN and by RST, in every state", async () => {
      await serving(subject, "conformance", {}, async (served) => {
        for (const vanish of ["end", "destroy", "resetAndDestroy"] as const) {
          for (const last of ["", "EHLO c.test\r\n", "EHLO c.test\r\nMA", "DATA\r\nhalf a li"]) {
            const client = await envelope(served.port);
            client.write(last);
            client.socket[vanish]();
          }
        }
        await until(async () => await served.sessions() === 0);
        expect(await served.deliveries()).toEqual([]);
      });
    });

    test("127: replies are still written to a client that has said its last word", async () => {
      await serving(subject, "conformance", {}, async (served) => {
        const client = await envelope(served.port, ["slow@y.test"]);
        await client.command("DATA");
        client.write("x\r\n.\r\nQUIT\r\n");
        client.end();
        await expectCodes(client, [250, 221]);
        await client.closed();
      });
    });

    test("128: closing tells the idle, and lets a message finish", async () => {
      const served = await subject.runtime.serve("conformance");
      const idle = await WireClient.connect({ port: served.port });
      await idle.reply();
      const busy = await envelope(served.port);
      await busy.command("DATA");
      busy.write("half ");
      const closed = served.close(5000);
      expect((await idle.reply()).raw).toStartWith("421 4.3.2");
      await idle.closed();
      // Refused by the system; or, where the runtime took one connection more, by us.
      const late = await WireClient.connect({ port: served.port }).catch(() => undefined);
      for (const reply of await late?.closed() ?? []) expect(reply.raw).toStartWith("421 4.3.2");
      busy.write("and half\r\n.\r\n");
      await expectCodes(busy, [250, 421]);
      await closed;
    });

    test("128: a grace of more than a timer can hold does not end at once", async () => {
      const served = await subject.runtime.serve("conformance");
      const busy = await envelope(served.port, ["slow@y.test"]);
      await busy.command("DATA");
      busy.write("x\r\n.\r\n");
      await served.close(2 ** 31);
      await expectCodes(busy, [250, 421]);
    });

    test("128: closing twice is closing once", async () => {
      const http = { port: 0, hostname: "127.0.0.1" };
      const served = await subject.runtime.serve("conformance", { http });
      await Promise.all([served.close(50), served.close(50), served.close(50)]);
    });

    test("128: and does not wait for ever", async () => {
      const served = await subject.runtime.serve("conformance");
      const busy = await envelope(served.port, ["hang@y.test"]);
      await busy.command("DATA");
      busy.write("x\r\n.\r\n");
      await served.close(100);
      await busy.closed();
    });

    test("131: a long text becomes several lines of at most 512 octets, all with the code", async () => {
      await serving(subject, "conformance", {}, async (served) => {
        const client = await envelope(served.port, ["long@y.test"]);
        await client.command("DATA");
        client.write("x\r\n.\r\n");
        const lines = (await client.reply()).raw.split("\r\n");
        expect(lines.length).toBeGreaterThan(3);
        for (const line of lines) expect(line).toMatch(/^550[- ]5\.0\.0 [\x20-\x7e]{1,500}$/);
        expect(lines.map((line) => line[3]).join("")).toMatch(/^-+ $/);
        client.destroy();
      });
    });

    test("a Unix socket", async () => {
      const folder = mkdtempSync(join(tmpdir(), "postern-"));
      try {
        await serving(subject, "conformance", { unix: join(folder, "smtp") }, async (served) => {
          expect(served.hostname).toBe(join(folder, "smtp"));
          const client = await WireClient.connect({ path: join(folder, "smtp") } as never);
          await expectCodes(client, [220]);
          expect((await client.command("QUIT")).code).toBe(221);
          await client.closed();
        });
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    test("no temporary file is left by clients that vanish in the middle of large mail", async () => {
      const directory = mkdtempSync(join(tmpdir(), "postern-"));
      try {
        await serving(subject, "conformance", { spool: { directory, memoryPerMessage: 1000 } }, async (served) => {
          const finished = await envelope(served.port);
          await finished.command("DATA");
          finished.write(`${"x".repeat(78)}\r\n`.repeat(10_000) + ".\r\n");
          await expectCodes(finished, [250]);
          const client = await envelope(served.port);
          await client.command("DATA");
          client.write(`${"x".repeat(78)}\r\n`.repeat(10_000));
          await new Promise((resolve) => setTimeout(resolve, 100));
          client.socket.resetAndDestroy();
          await until(async () => await served.sessions() === 1);
          finished.destroy();
          expect(await subject.runtime.order({ do: "spool", directory })).toEqual([]);
          expect((await served.deliveries()).length).toBe(1);
        });
      } finally {
        rmSync(directory, { recursive: true });
      }
    });

    test("no temporary file is left by a server that is killed in the middle of a large message", async () => {
      const directory = mkdtempSync(join(tmpdir(), "postern-"));
      try {
        const runtime = await Runtime.start(subject.name);
        const served = await runtime.serve("conformance", { spool: { directory, memoryPerMessage: 1000 } });
        const client = await envelope(served.port);
        await client.command("DATA");
        client.write(`${"x".repeat(78)}\r\n`.repeat(50_000));
        await new Promise((resolve) => setTimeout(resolve, 100));
        runtime.process.kill("SIGKILL");
        expect(await client.closed()).toEqual([]);
        expect(readdirSync(directory)).toEqual([]);
      } finally {
        rmSync(directory, { recursive: true });
      }
    });

    test("where messages cannot be kept, the sender is asked to come back", async () => {
      // A folder that is not there when the server starts, it refuses to start with.
      const spool = { directory: mkdtempSync(join(tmpdir(), "postern-gone-")), memoryPerMessage: 1000 };
      await serving(subject, "conformance", { spool }, async (served) => {
        rmSync(spool.directory, { recursive: true });
        const client = await envelope(served.port);
        await client.command("DATA");
        client.write(`${"x".repeat(78)}\r\n`.repeat(1000) + ".\r\n");
        expect((await client.reply()).raw).toStartWith("452 4.3.1");
        expect((await client.command("NOOP")).code).toBe(250);
        client.destroy();
      });
    });
  });
}
