/** Servers of three runtimes, with two Redis clients, that share one memory; and what they do when it dies. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createClient } from "@redis/client";
import { Runtime, type RuntimeName, type Served } from "../runtime.ts";
import { WireClient } from "../wire.ts";
import { absent, hasRedis, type RedisServer, startRedis } from "./redis-server.ts";

const isThere = hasRedis();
if (!isThere) console.log(absent);

const clients: readonly (readonly [RuntimeName, "ioredis" | "redis"])[] = [
  ["bun", "ioredis"],
  ["node", "redis"],
  ["deno", "ioredis"],
];

describe.skipIf(!isThere)("with one Redis", () => {
  let redis: RedisServer;
  const runtimes: Runtime[] = [];
  const open: Served[] = [];
  const closed: Served[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    for (const [name, client] of clients) {
      const runtime = await Runtime.start(name);
      runtimes.push(runtime);
      const env = { redis: redis.url, client };
      open.push(await runtime.serve("limiting", { env: { ...env, failOpen: true } }));
      closed.push(await runtime.serve("limiting", { env: { ...env, failOpen: false } }));
    }
    // Each connects when it is asked first.
    await replies([...open, ...closed], "first@x.test", "b@y.test");
  }, 60_000);

  afterAll(async () => {
    for (const runtime of runtimes) await runtime[Symbol.asyncDispose]();
    await redis.kill();
  });

  /** The first refusal, or 250. */
  async function attempt(served: Served, from: string, to: string): Promise<string> {
    const client = await WireClient.connect({ port: served.port });
    try {
      await client.reply();
      for (const line of ["EHLO c.test", `MAIL FROM:<${from}>`]) {
        const { code, raw } = await client.command(line);
        if (code !== 250) return raw.slice(0, 9);
      }
      return (await client.command(`RCPT TO:<${to}>`)).raw.slice(0, 9);
    } finally {
      client.destroy();
    }
  }

  async function replies(servers: readonly Served[], from: string, to: string): Promise<string[]> {
    const seen: string[] = [];
    for (const served of servers) seen.push(await attempt(served, from, to));
    return seen;
  }

  test("whoever one server asked to come back may come back to another", async () => {
    expect(await replies(open, "a@x.test", "b@grey.test")).toEqual(["451 4.7.1", "451 4.7.1", "451 4.7.1"]);
    // As if the first attempt had been ten minutes ago.
    const direct = await createClient({ url: redis.url }).connect();
    const key = "postern:greylist:seen 127.0.0.0/24 a@x.test b@grey.test";
    const since = Number(await direct.get(key));
    expect(since).toBeGreaterThan(0);
    await direct.set(key, `${since - 600_000}`);
    direct.destroy();
    expect(await attempt(open[1]!, "a@x.test", "b@grey.test")).toBe("250 2.1.5");
    expect(await replies(open, "new@x.test", "new@grey.test")).toEqual(["250 2.1.5", "250 2.1.5", "250 2.1.5"]);
  });

  test("they count together", async () => {
    expect(await replies([...open, ...open], "counted@many.test", "b@y.test")).toEqual([
      ...["250 2.1.5", "250 2.1.5", "250 2.1.5"],
      ...["451 4.7.0", "451 4.7.0", "451 4.7.0"],
    ]);
  });

  test(
    "when Redis dies, failOpen lets strangers in and counts alone; without it everybody is to come back",
    async () => {
      await redis.kill();
      for (const served of open) {
        expect(await attempt(served, "alone@z.test", "b@grey.test")).toBe("250 2.1.5");
        const alone = await replies([served, served, served], "alone@many.test", "b@y.test");
        expect(alone).toEqual(["250 2.1.5", "250 2.1.5", "250 2.1.5"]);
        expect(await attempt(served, "alone@many.test", "b@y.test")).toBe("451 4.7.0");
      }
      for (const served of closed) {
        expect(await attempt(served, "alone@many.test", "b@y.test")).toBe("451 4.3.0");
      }
    },
    60_000,
  );
});
