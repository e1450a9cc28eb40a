/** Part F of the conformance table, row 114: how long a response may be. */

import { describe, expect, test } from "bun:test";
import { codes, connected } from "./alice.ts";
import { password, Postern } from "./postern.ts";
import { base64 } from "./wire.ts";

describe("row 114", () => {
  // Three fields, of which the last makes the base64 exactly as long as wanted.
  const plainOf = (octets: number) => base64(`\0alice\0${"p".repeat(octets / 4 * 3 - 7)}`);
  const longest = plainOf(12_288);
  const tooLong = `${longest}A`;

  test("a response of 12 288 octets is taken", async () => {
    expect(longest.length).toBe(12_288);
    let seen = 0;
    const given = new Postern().auth(password((_, secret) => (seen = secret.length) > 0));
    const client = await connected(given);
    await client.ask("AUTH PLAIN");
    expect(codes(await client.ask(longest))).toBe("235 2.7.0");
    const other = await connected(given);
    expect(codes(await other.ask(`AUTH PLAIN ${longest}`))).toBe("235 2.7.0");
    expect(seen).toBe(12_288 / 4 * 3 - 7);
  });

  test("one of 12 289 is 500 5.5.6, and the next command is a command", async () => {
    for (const text of [tooLong, "A".repeat(70_000)]) {
      const client = await connected();
      await client.ask("AUTH PLAIN");
      expect(codes(await client.ask(text))).toBe("500 5.5.6");
      expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
      const other = await connected();
      expect(codes(await other.ask(`AUTH PLAIN ${text}`))).toBe("500 5.5.6");
      expect(codes(await other.ask("NOOP"))).toBe("250 2.0.0");
    }
  });

  test("one that comes in pieces is as long as the sum of them", async () => {
    const client = await connected();
    await client.ask("AUTH PLAIN");
    for (let at = 0; at < 80_000; at += 8_000) {
      client.send("A".repeat(8_000));
      await Bun.sleep(0);
    }
    expect(codes(await client.ask(""))).toBe("500 5.5.6");
    expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
  });

  test("so is an initial response", async () => {
    const client = await connected();
    client.send("AUTH PLAIN ");
    for (let at = 0; at < 80_000; at += 8_000) {
      client.send("A".repeat(8_000));
      await Bun.sleep(0);
    }
    expect(codes(await client.ask(""))).toBe("500 5.5.6");
    expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
  });

  test("other commands are no longer than before", async () => {
    const client = await connected();
    expect(codes(await client.ask(`NOOP ${"x".repeat(506)}`))).toBe("500 5.5.2");
    expect(codes(await client.ask(`NOOP ${"x".repeat(50_000)}`))).toBe("500 5.5.2");
  });
});
