/** Part F of the conformance table, row 123: handlers that fail. */

import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { answer } from "../sasl/scram-client.ts";
import { app, codes, connected, good } from "./alice.ts";
import { cramMd5, password, Postern, reply, scram } from "./postern.ts";
import { base64, challengeOf } from "./wire.ts";

describe("row 123: always one reply", () => {
  // Handlers as they should not be.
  // deno-lint-ignore no-explicit-any
  const handlers: readonly [string, any, string][] = [
    ["throws", () => {
      throw new Error("the database is down");
    }, "454 4.7.0"],
    ["rejects", () => Promise.reject(new Error("the database is down")), "454 4.7.0"],
    ["hangs", () => new Promise(() => {}), "454 4.7.0"],
    ["returns false", () => false, "454 4.7.0"],
    ["returns nothing", () => undefined, "454 4.7.0"],
    ["answers 500", () => new Response(null, { status: 500 }), "454 4.7.0"],
    ["answers 503", () => new Response(null, { status: 503 }), "454 4.7.0"],
    ["answers 302", () => new Response(null, { status: 302 }), "454 4.7.0"],
    ["answers 429", () => new Response(null, { status: 429 }), "454 4.7.0"],
    ["answers 401", () => new Response(null, { status: 401 }), "535 5.7.8"],
    ["answers 403", () => new Response(null, { status: 403 }), "535 5.7.8"],
    ["answers 404", () => new Response(null, { status: 404 }), "535 5.7.8"],
    ["answers 334", () => reply(334, "", "eA=="), "454 4.7.0"],
    ["answers 534", () => reply(534, "5.7.9", "Too weak"), "534 5.7.9"],
    ["answers 200", () => new Response(), "235 2.7.0"],
    ["answers 250", () => reply(250, "2.0.0", "Welcome"), "235 2.7.0"],
    ["says false by password()", password(() => false), "535 5.7.8"],
    [
      "throws by password()",
      password(() => {
        throw new Error("down");
      }),
      "454 4.7.0",
    ],
    ["is truthy by password()", password((() => "yes") as never), "535 5.7.8"],
  ];
  test.each(handlers)("a handler that %s", async (_, handler, expected) => {
    const client = await connected(new Postern().auth(["PLAIN", "LOGIN"], handler), { timeouts: { handler: 50 } });
    expect(codes(await client.ask(`AUTH PLAIN ${good}`))).toBe(expected);
    expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
  });

  const lookups: readonly [string, Postern, string][] = [
    [
      "throws",
      new Postern().auth(cramMd5(() => {
        throw new Error("down");
      })),
      "454 4.7.0",
    ],
    ["hangs", new Postern().auth(cramMd5(() => new Promise(() => {}))), "454 4.7.0"],
    ["knows nobody", new Postern().auth(cramMd5(() => undefined)), "535 5.7.8"],
    ["knows an empty password", new Postern().auth(cramMd5(() => "")), "535 5.7.8"],
    ["accepts without a proof", new Postern().auth("CRAM-MD5", (c) => c.body(null, 204)), "454 4.7.0"],
    [
      "does not care about the proof",
      new Postern().auth("CRAM-MD5", async (c) => {
        if (c.var.credentials.type === "cram-md5") await c.var.credentials.prove("looking-glass");
        return c.body(null, 204);
      }),
      "535 5.7.8",
    ],
  ];
  test.each(lookups)("a lookup that %s", async (_, given, expected) => {
    const client = await connected(given, { timeouts: { handler: 50 } });
    const challenge = challengeOf(await client.ask("AUTH CRAM-MD5"));
    const digest = createHmac("md5", "wonderland").update(challenge).digest("hex");
    expect(codes(await client.ask(base64(`alice ${digest}`)))).toBe(expected);
    expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
  });

  test("a lookup that throws in the middle of SCRAM", async () => {
    const given = new Postern().auth(scram(() => "not what was stored"));
    const client = await connected(given);
    expect(codes(await client.ask(`AUTH SCRAM-SHA-256 ${base64("n,,n=alice,r=abc")}`))).toBe("454 4.7.0");
  });

  test("a lookup that comes too late challenges nobody", async () => {
    let found: (stored: undefined) => void = () => {};
    const late = new Promise<undefined>((resolve) => found = resolve);
    const client = await connected(new Postern().auth(scram(() => late)), { timeouts: { handler: 50 } });
    expect(codes(await client.ask(`AUTH SCRAM-SHA-256 ${base64("n,,n=alice,r=abc")}`))).toBe("454 4.7.0");
    found(undefined);
    await late;
    expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
    expect(codes(await client.ask("QUIT"))).toBe("221 2.0.0");
    expect(client.transcript).not.toContain("334");
  });

  test("a client slow to answer a challenge does not use up its handler's time", async () => {
    const client = await connected(app(), { timeouts: { handler: 800 } });
    const challenge = await client.ask(`AUTH SCRAM-SHA-256 ${base64("n,,n=alice,r=abc")}`);
    await Bun.sleep(1200);
    const { final } = answer(
      { hash: "sha256", password: "wonderland", gs2Header: "n,,", firstBare: "n=alice,r=abc" },
      challengeOf(challenge),
    );
    await client.ask(base64(final));
    expect(codes(await client.ask(""))).toBe("235 2.7.0");
  });

  test("a client that never answers has its time, and no more", async () => {
    const client = await connected(app(), { timeouts: { command: 50 } });
    expect(await client.ask("AUTH LOGIN")).toBe("334 VXNlcm5hbWU6");
    expect(codes(await client.reply())).toBe("421 4.4.2");
    expect(await client.reply()).toBe("closed");
  });
});
