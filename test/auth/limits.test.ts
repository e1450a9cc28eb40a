/** Guessing passwords is slow, and comes to an end. */

import { afterEach, describe, expect, test } from "bun:test";
import { bearerAuth } from "hono/bearer-auth";
import { password, Postern, type ServeOptions } from "./postern.ts";
import { AddressFailures } from "../../src/session/failures.ts";
import { base64, type Client, type MemoryServer, serve } from "./wire.ts";

const good = `AUTH PLAIN ${base64("\0alice\0wonderland")}`;
const bad = `AUTH PLAIN ${base64("\0alice\0looking-glass")}`;

const servers: MemoryServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close({ grace: 0 })));
});

async function started(options: ServeOptions = {}): Promise<MemoryServer> {
  const app = new Postern();
  app.auth(password((user, secret) => user === "alice" && secret === "wonderland"));
  app.auth("XOAUTH2", bearerAuth({ token: "t0ken" }));
  const server = await serve(app, options);
  servers.push(server);
  return server;
}

async function fail(client: Client, times: number): Promise<string> {
  let answer = "";
  for (let time = 0; time < times; time++) answer = await client.ask(bad);
  return answer.slice(0, 9);
}

describe("one session", () => {
  test("a good password after failures is good", async () => {
    const client = await (await started()).connect();
    expect(await fail(client, 3)).toBe("535 5.7.8");
    expect(await client.ask(good)).toStartWith("235 ");
  });

  test("as many failures as it is told", async () => {
    const client = await (await started({ limits: { authFailures: 1 } })).connect();
    expect(await fail(client, 1)).toBe("535 5.7.8");
    expect(await fail(client, 1)).toBe("421 4.7.0");
  });

  test("an exchange that is cancelled is no failure, but a refused token that is cancelled is one", async () => {
    const server = await started({ limits: { authFailures: 1 } });
    const client = await server.connect();
    for (let time = 0; time < 3; time++) {
      await client.ask("AUTH PLAIN");
      expect(await client.ask("*")).toStartWith("501 5.7.0");
    }
    for (const expected of ["535 5.7.8", "421 4.7.0"]) {
      await client.ask(`AUTH XOAUTH2 ${base64("user=alice\x01auth=Bearer stale\x01\x01")}`);
      expect(await client.ask("*")).toStartWith(expected);
    }
  });

  test("a failure of the application is not the client's", async () => {
    const app = new Postern().auth(password(() => {
      throw new Error("the database is down");
    }));
    const server = await serve(app, { limits: { authFailures: 1, authFailuresPerAddress: 1 } });
    servers.push(server);
    const client = await server.connect();
    expect(await fail(client, 5)).toBe("454 4.7.0");
  });
});

describe("one address", () => {
  const limits = { authFailuresPerAddress: 2 };

  test("is turned away from every session, even with a good password", async () => {
    const server = await started({ limits });
    expect(await fail(await server.connect(), 1)).toBe("535 5.7.8");
    expect(await fail(await server.connect(), 1)).toBe("421 4.7.0");
    const client = await server.connect();
    expect(await client.ask(good)).toBe("421 4.7.0 Error: too many failed logins");
    expect(await client.reply()).toBe("closed");
    const other = await server.connect({ address: "192.0.2.2" });
    expect(await other.ask(good)).toStartWith("235 ");
  });

  test("who leaves at the error challenge is counted", async () => {
    const server = await started({ limits: { authFailuresPerAddress: 1 } });
    const client = await server.connect();
    await client.ask(`AUTH XOAUTH2 ${base64("user=alice\x01auth=Bearer stale\x01\x01")}`);
    client.hangUp();
    await client.reply();
    while (server.sessions.length > 0) await Bun.sleep(1);
    expect(await (await server.connect()).ask(good)).toStartWith("421 ");
  });

  test("is let in again when its time is over", async () => {
    const server = await started({ limits: { authFailuresPerAddress: 1, authFailureWindow: 1 } });
    await fail(await server.connect(), 1);
    await Bun.sleep(5);
    expect(await (await server.connect()).ask(good)).toStartWith("235 ");
  });

  const same: readonly [string, string, boolean][] = [
    ["192.0.2.1", "192.0.2.1", true],
    ["192.0.2.1", "192.0.2.2", false],
    ["2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6", true],
    ["2001:db8:1:2::1", "2001:DB8:1:2::ffff:0", true],
    ["2001:db8::1", "2001:db8:0:0:1::", true],
    ["2001:db8:0:1::1", "2001:db8::1", false],
    ["::1", "0:0:0:0:0:0:0:2", true],
    ["fe80::1%eth0", "fe80::2", true],
    ["64:ff9b::192.0.2.1", "64:ff9b::1", true],
    ["::1", "127.0.0.1", false],
    ["", "", false],
    ["/run/postern.sock", "/run/postern.sock", false],
  ];
  test.each(same)("%p and %p count together: %p", (a, b, together) => {
    const failures = new AddressFailures(1, 60_000);
    failures.record(a);
    expect(failures.isBlocked(b)).toBe(together);
  });

  test("memory has an end, and the oldest is forgotten first", () => {
    const failures = new AddressFailures(1, 60_000, 100);
    for (let host = 0; host < 10_000; host++) failures.record(`10.0.${host >> 8}.${host & 255}`);
    expect(failures.size).toBe(100);
    expect(failures.isBlocked("10.0.0.0")).toBe(false);
    expect(failures.isBlocked(`10.0.${9_999 >> 8}.${9_999 & 255}`)).toBe(true);
  });
});

describe("the delay", () => {
  test("holds back the failed, and nobody else", async () => {
    const server = await started({ timeouts: { authFailureDelay: 60_000 } });
    const slow = await server.connect();
    slow.send(`${bad}\r\n`);
    const other = await server.connect();
    expect(await other.ask(good)).toStartWith("235 ");
    expect(slow.transcript).not.toContain("535");
  });

  test("grows", async () => {
    const waits: number[] = [];
    const { setTimeout } = globalThis;
    // deno-lint-ignore no-explicit-any
    globalThis.setTimeout = ((run: any, milliseconds: number) => {
      waits.push(milliseconds);
      return setTimeout(run, 0);
    }) as typeof setTimeout;
    try {
      const client = await (await started({ timeouts: { authFailureDelay: 700 } })).connect();
      await fail(client, 4);
    } finally {
      globalThis.setTimeout = setTimeout;
    }
    expect(waits).toEqual([700, 1400, 2100, 2800]);
  });

  test("ends when the client hangs up", async () => {
    const server = await started({ timeouts: { authFailureDelay: 60_000 } });
    const client = await server.connect();
    client.send(`${bad}\r\n`);
    client.hangUp();
    while (server.sessions.length > 0) await Bun.sleep(1);
    expect(server.sessions).toHaveLength(0);
  });

  test("ends when the server stops", async () => {
    const server = await started({ timeouts: { authFailureDelay: 60_000 } });
    const client = await server.connect();
    client.send(`${bad}\r\n`);
    await Bun.sleep(1);
    await server.close({ grace: 1 });
    expect(server.sessions).toHaveLength(0);
  });

  test("does not swallow what the client sends meanwhile", async () => {
    const server = await started({ timeouts: { authFailureDelay: 20 }, pipelining: "lenient" });
    const client = await server.connect();
    client.send(`${bad}\r\n`);
    await Bun.sleep(1);
    client.send("NOOP\r\n");
    expect(await client.reply()).toStartWith("535 ");
    expect(await client.reply()).toStartWith("250 ");
  });

  test.each([-1, Number.NaN, "soon"])("cannot be %p", async (authFailureDelay) => {
    await expect(serve(new Postern(), { timeouts: { authFailureDelay: authFailureDelay as number } })).rejects.toThrow(
      "authFailureDelay",
    );
  });
});
