/** Several places to listen, with rules of their own. */

import { describe, expect, test } from "bun:test";
import type { Session } from "postern";
import { implicitTls, RawClient } from "./client.ts";
import { deliver, gone, session, type Subject } from "./subject.ts";

export function listeners(subject: Subject): void {
  const { serve } = subject;

  describe("listeners", () => {
    test("several serve together, each under its own rules", async () => {
      const listeners = [{ port: 0 }, { port: 0, implicitTls: true }, { port: 0, submission: true }];
      const server = await serve({ hostname: "127.0.0.1", listeners });
      expect(server.ports).toHaveLength(3);
      expect(server.port).toBe(server.ports[0]!);
      // The server's handshake with itself is no session.
      expect(await server.deliveries()).toEqual([]);
      const [open, implicit, submission] = server.ports as [number, number, number];

      const first = await RawClient.connect(open);
      await first.replies(1);
      const second = await implicitTls(implicit);
      expect(await second.reply()).toMatchObject({ code: 220 });
      const connects = (await server.deliveries()).map(({ content }) => JSON.parse(content!) as Session);
      expect(connects.map(({ tls }) => tls?.protocol)).toEqual([undefined, "TLSv1.3"]);
      expect((await second.command("EHLO a")).lines).not.toContain("STARTTLS");
      await deliver(second);
      expect(await session(server)).toMatchObject({ protocol: "ESMTPS" });

      const third = await RawClient.connect(submission);
      third.write("EHLO a\r\nMAIL FROM:<a@b.test>\r\n".slice(0, 8));
      await third.replies(2);
      third.write("MAIL FROM:<a@b.test>\r\n");
      expect(await third.replies(1)).toEqual(["530 5.7.0 Must issue a STARTTLS command first"]);
      third.write("STARTTLS\r\n");
      await third.replies(1);
      const encrypted = await third.startTls();
      await encrypted.command("EHLO a");
      expect(await encrypted.command("MAIL FROM:<a@b.test>")).toMatchObject({
        raw: "530 5.7.0 Authentication required",
      });
      for (const client of [first.socket, second, encrypted]) client.destroy();
    });

    test("where the handshake comes first, a word in the clear gets none", async () => {
      const listeners = [{ port: 0, implicitTls: true }];
      const server = await serve({ hostname: "127.0.0.1", listeners, timeouts: { handshake: 300 } });
      const raw = await RawClient.connect(server.port);
      raw.write("EHLO a\r\n");
      expect(await raw.end()).not.toMatch(/\d{3}[ -]/);
      const silent = await RawClient.connect(server.port);
      expect(await silent.end()).toBe("");
      await gone(server);
      expect(await server.deliveries()).toEqual([]);
    });

    test("one that cannot be bound leaves none behind", async () => {
      const { port } = await serve();
      const listeners = [{ port: 0 }, { port }];
      await expect(subject.runtime.serve("sessions", { hostname: "127.0.0.1", listeners })).rejects.toThrow();
    });
  });
}
