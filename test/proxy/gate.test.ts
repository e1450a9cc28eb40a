/** What of the PROXY protocol does not show in a dialogue: the log, the limits, the end of the server. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { configure, type LogRecord, reset } from "@logtape/logtape";
import { Postern, type ServeOptions } from "postern";
import { send, TestClient } from "postern/testing";
import { createEngine } from "../../src/engine.ts";
import { MemorySocket } from "../../src/testing/memorysocket.ts";
import { headerV2 } from "./header.ts";

const app = new Postern();
app.deliver("*", (c) => c.body(null, 204));

const behindProxy: ServeOptions = { proxyProtocol: ["127.0.0.1"] };

let log: LogRecord[];
const lines = (level: string) => log.filter((record) => record.level === level).map(({ message }) => message.join(""));

beforeEach(async () => {
  log = [];
  await configure({
    sinks: { memory: (record) => log.push(record) },
    loggers: [
      { category: ["postern"], sinks: ["memory"], lowestLevel: "debug" },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
});
afterEach(reset);

describe("the log", () => {
  test("138 140 a check that only connects and closes is not in it", async () => {
    const client = new TestClient(app, behindProxy);
    client.end();
    await client.closed();
    await client.close();
    expect(log).toEqual([]);
  });

  for (const [kind, header] of [["LOCAL", headerV2({ command: 0x20 })], ["UNKNOWN", "PROXY UNKNOWN\r\n"]] as const) {
    test(`138 140 a check that says ${kind} and closes is in it for debugging alone`, async () => {
      const client = new TestClient(app, behindProxy);
      client.write(header);
      await client.reply();
      await client.close();
      expect(log.map(({ level }) => level)).toEqual(["debug"]);
    });
  }

  test("a session that a proxy passed on is in it, with its client", async () => {
    const client = new TestClient(app, behindProxy);
    client.write(headerV2());
    await client.reply();
    await client.close();
    expect(lines("info")).toEqual([expect.stringContaining("client=192.0.2.1 ")]);
  });

  for (
    const [kind, bytes, reason] of [
      ["a bad header", "PROXY TCP4 x\r\n", "two addresses"],
      ["no header", "EHLO c.test\r\n", "does not begin as one"],
      ["half a header", "PROXY TCP4", "ended before it did"],
    ] as const
  ) {
    test(`139 141 142 ${kind} is one line in it`, async () => {
      const client = new TestClient(app, behindProxy);
      client.write(bytes);
      client.end();
      expect(await client.closed()).toEqual([]);
      await client.close();
      expect(log).toHaveLength(1);
      expect(lines("warning")).toEqual([expect.stringContaining(reason)]);
    });
  }

  test("141 a header that is late is one line in it", async () => {
    const client = new TestClient(app, { ...behindProxy, timeouts: { proxyHeader: 20 } });
    expect(await client.closed()).toEqual([]);
    await client.close();
    expect(lines("warning")).toEqual([expect.stringContaining("took too long")]);
  });
});

test("137 nothing is said before the header is whole", async () => {
  const heard: (string | null)[] = [];
  const engine = createEngine(app, { name: "mx.test", ...behindProxy });
  const socket = new MemorySocket((bytes) => heard.push(bytes && new TextDecoder().decode(bytes)));
  engine.accept(socket);
  socket.receive(new TextEncoder().encode("PROXY TCP4 192.0.2.1 198.51.100.7 1 25\r"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(heard).toEqual([]);
  expect(engine.sessions).toEqual([]);
  socket.receive(new TextEncoder().encode("\n"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(heard).toEqual(["220 mx.test ESMTP Postern\r\n"]);
  expect(engine.sessions[0]?.remote).toEqual({ address: "192.0.2.1", port: 1 });
  await engine.close();
});

test("a proxy's connections count for their clients", async () => {
  const engine = createEngine(app, { name: "mx.test", ...behindProxy, maxConnectionsPerAddress: 1 });
  const greetings: string[] = [];
  for (const client of ["192.0.2.1", "192.0.2.2", "192.0.2.1"]) {
    const socket = new MemorySocket((bytes) => bytes && greetings.push(new TextDecoder().decode(bytes).slice(0, 3)));
    engine.accept(socket);
    socket.receive(new TextEncoder().encode(`PROXY TCP4 ${client} 198.51.100.7 1 25\r\n`));
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(greetings.sort()).toEqual(["220", "220", "421"]);
  await engine.close();
});

test("no more may wait for their header than may be connected", async () => {
  const engine = createEngine(app, { name: "mx.test", ...behindProxy, maxConnections: 2 });
  const closed: number[] = [];
  for (const number of [1, 2, 3]) engine.accept(new MemorySocket((bytes) => bytes === null && closed.push(number)));
  expect(closed).toEqual([3]);
  await engine.close();
  expect(closed).toEqual([3, 1, 2]);
});

test("handlers find the client, its proxy and what that said; Received names the client", async () => {
  const seen: unknown[] = [];
  const curious = new Postern();
  curious.deliver("*", async (c) => {
    const { remote, local, proxy } = c.var.session;
    seen.push(remote, local, proxy, c.req.header("smtp-remote-address"), (await c.var.mail.text()).split("\r\n")[1]);
    return c.body(null, 204);
  });
  const client = new TestClient(curious, behindProxy);
  client.write(headerV2({ tlvs: [[5, "id-1"]], checksum: true }));
  await client.reply();
  for (const line of ["EHLO c.test", "MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "DATA"]) await client.command(line);
  expect((await client.command("x\r\n.")).code).toBe(250);
  await client.close();
  expect(seen).toEqual([
    { address: "192.0.2.1", port: 56324 },
    { address: "198.51.100.7", port: 25 },
    {
      remote: { address: "127.0.0.1", port: 50_000 },
      local: { address: "127.0.0.1", port: 25 },
      namesClient: true,
      tlvs: [{ type: 5, value: new TextEncoder().encode("id-1") }],
    },
    "192.0.2.1",
    "Received: from c.test ([192.0.2.1])",
  ]);
});

test("who is not listed is greeted without a header", async () => {
  const result = await send(app, { from: "", to: "b@y.test", data: "x" }, { proxyProtocol: ["10.0.0.0/8", "unix"] });
  expect(result.data?.code).toBe(250);
});

test("an entry that is no address is refused with its name", () => {
  expect(() => new TestClient(app, { proxyProtocol: ["proxy.example"] })).toThrow('"proxy.example" in proxyProtocol');
});
