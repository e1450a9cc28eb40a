/** Secrets are nowhere but where they belong. */

import { describe, expect, test } from "bun:test";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import { bearerAuth } from "hono/bearer-auth";
import { cramMd5, password, Postern, scram } from "./postern.ts";
import { base64, serve } from "./wire.ts";

const good = `AUTH PLAIN ${base64("\0alice\0wonderland")}`;
const bad = `AUTH PLAIN ${base64("\0alice\0looking-glass")}`;

describe("secrets", () => {
  test("are in no log record and no reply, whatever goes wrong", async () => {
    const records: LogRecord[] = [];
    await configure({
      sinks: { memory: (record) => void records.push(record) },
      loggers: [{ category: ["postern"], sinks: ["memory"], lowestLevel: "trace" }, { category: ["logtape", "meta"] }],
    });
    const secrets = ["wonderland", "looking-glass", "t0ken", "stale", "alices-typo"];
    const app = new Postern();
    app.auth(password((user, secret) => {
      if (user === "broken") throw new Error("the database is down");
      return user === "alice" && secret === "wonderland";
    }));
    app.auth(["XOAUTH2", "OAUTHBEARER"], bearerAuth({ token: "t0ken" }));
    app.auth(scram(() => "looking-glass is not what was stored"));
    app.auth(cramMd5(() => "wonderland"));
    const server = await serve(app, { limits: { authFailures: 100 } });
    let transcript = "";
    try {
      const client = await server.connect();
      const lines = [
        bad,
        `AUTH PLAIN ${base64("\0broken\0looking-glass")}`,
        `AUTH PLAIN ${base64("looking-glass")}`,
        "AUTH PLAIN looking-glass",
        `AUTH PLAIN ${base64("\0alices-typo\0looking-glass")}`,
        `AUTH LOGIN ${base64("alices-typo")}`,
        base64("looking-glass"),
        `AUTH XOAUTH2 ${base64("user=alice\x01auth=Bearer stale\x01\x01")}`,
        "AQ==",
        `AUTH OAUTHBEARER ${base64("n,,\x01auth=Bearer t0ken\x01\x01")}`,
        "AQ==",
        `AUTH SCRAM-SHA-256 ${base64("n,,n=alice,r=abc")}`,
        "AUTH CRAM-MD5",
        base64(`alice ${"0".repeat(32)}`),
        good,
        "QUIT",
      ];
      for (const line of lines) await client.ask(line);
      transcript = client.transcript;
      await server.close();
    } finally {
      await reset();
    }
    const log = records.map(({ properties, message }) =>
      JSON.stringify([
        message,
        Object.values(properties).map((value) => value instanceof Error ? [value.message, value.stack] : value),
      ])
    ).join("\n");
    expect(records.filter(({ category }) => category[1] === "session").length).toBeGreaterThan(8);
    expect(log).toContain("PLAIN");
    for (const secret of secrets) {
      for (const text of [secret, base64(secret).replace(/=*$/, "")]) {
        expect(log).not.toContain(text);
        expect(transcript).not.toContain(text);
      }
    }
    expect(log).not.toContain(base64("\0alice\0wonderland"));
  });
});
