import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { Certificates, missing } from "../tls/certificates.ts";
import { Runtime, runtimeNames, type Served } from "../runtime.ts";
import { WireClient } from "../wire.ts";
import { type Family, parseExposition, sample } from "./prometheus.ts";

const made = missing === undefined ? new Certificates() : undefined;
made?.server("mx", "mx.test");
afterAll(() => made?.remove());

async function scrape({ httpPort }: Served): Promise<Map<string, Family>> {
  return parseExposition(await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text());
}

/** Waits until a sample is what it is to be: sessions end when both sides have closed. */
async function until(served: Served, name: string, labels: Record<string, string>, value: number): Promise<void> {
  let found: Map<string, Family>;
  for (let tries = 0; tries < 2000; tries++) {
    found = await scrape(served);
    if (sample(found, name, labels) === value) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${name} is not ${value}: ${JSON.stringify([...found!.get(name)?.samples ?? []])}`);
}

async function greeted(port: number): Promise<WireClient> {
  const client = await WireClient.connect({ port });
  await client.reply();
  await client.command("EHLO client.test");
  return client;
}

async function sendMail(client: WireClient, from: string, to: string, body = "hello"): Promise<number> {
  await client.command(`MAIL FROM:<${from}>`);
  await client.command(`RCPT TO:<${to}>`);
  await client.command("DATA");
  client.write(`Subject: x\r\n\r\n${body}\r\n.\r\n`);
  return (await client.reply()).code;
}

describe.each(runtimeNames)("metrics on %s", (name) => {
  let runtime: Runtime;
  beforeAll(async () => void (runtime = await Runtime.start(name)));
  afterAll(async () => await runtime[Symbol.asyncDispose]());

  test("count connections, sessions, messages, replies, handlers and verdicts", async () => {
    const served = await runtime.serve("operating", {
      http: { port: 0 },
      maxConnectionsPerAddress: 2,
      allowInsecureAuth: true,
      timeouts: { authFailureDelay: 0 },
    });
    const client = await greeted(served.port);
    expect(await sendMail(client, "a@pass.test", "b@example.com")).toBe(250);
    expect(await sendMail(client, "a@pass.test", "reject@example.com")).toBe(550);
    expect(await sendMail(client, "a@pass.test", "throw@example.com", "x".repeat(5000))).toBe(451);
    expect((await client.command("MAIL FROM:<a@fail.test>")).code).toBe(550);
    expect((await client.command("NONSENSE one")).code).toBe(500);
    expect((await client.command("VRFY somebody")).code).toBe(252);
    expect((await client.command("AUTH PLAIN AGFsaWNlAHdyb25n")).code).toBe(535);
    expect((await client.command("AUTH PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=")).code).toBe(235);

    const lost = await greeted(served.port);
    const third = await WireClient.connect({ port: served.port });
    expect((await third.reply()).code).toBe(421);
    await lost.command("MAIL FROM:<a@pass.test>");
    await lost.command("RCPT TO:<b@example.com>");
    await lost.command("DATA");
    lost.write("Subject: half");
    lost.destroy();
    await until(served, "postern_sessions_total", { outcome: "lost" }, 1);

    const before = await scrape(served);
    expect(sample(before, "postern_connections")).toBe(1);
    await client.command("QUIT");
    await client.closed();
    await until(served, "postern_sessions_total", { outcome: "quit" }, 1);

    const found = await scrape(served);
    const value = (name: string, labels: Record<string, string> = {}) => sample(found, name, labels);
    expect(value("postern_connections")).toBe(0);
    expect(value("postern_connections_total")).toBe(2);
    expect(value("postern_connections_refused_total", { reason: "address_full" })).toBe(1);
    expect(value("postern_sessions_tls_total", { version: "none" })).toBe(2);
    const outcomes = ["accepted", "rejected", "deferred", "lost"];
    expect(outcomes.map((outcome) => value("postern_messages_total", { outcome }))).toEqual([1, 1, 1, 1]);
    expect(value("postern_message_size_bytes_count")).toBe(4);
    expect(value("postern_message_size_bytes_sum")).toBeGreaterThan(5000);
    expect(value("postern_message_size_bytes_bucket", { le: "1024" })).toBe(3);
    expect(value("postern_replies_total", { stage: "connect", code: "220" })).toBe(2);
    expect(value("postern_replies_total", { stage: "helo", code: "250" })).toBe(2);
    expect(value("postern_replies_total", { stage: "mail", code: "250" })).toBe(4);
    expect(value("postern_replies_total", { stage: "mail", code: "550" })).toBe(1);
    expect(value("postern_replies_total", { stage: "data", code: "354" })).toBe(4);
    // One for the handler that threw, and one that nobody was there to hear.
    expect(value("postern_replies_total", { stage: "data", code: "451" })).toBe(2);
    expect(value("postern_replies_total", { stage: "command", code: "500" })).toBe(1);
    expect(value("postern_replies_total", { stage: "vrfy", code: "252" })).toBe(1);
    expect(value("postern_replies_total", { stage: "quit", code: "221" })).toBe(1);
    expect(value("postern_handler_duration_seconds_count", { stage: "deliver" })).toBe(3);
    expect(value("postern_handler_failures_total", { stage: "deliver" })).toBe(1);
    expect(value("postern_delivery_duration_seconds_count")).toBe(3);
    expect(value("postern_authentications_total", { mechanism: "PLAIN", outcome: "refused" })).toBe(1);
    expect(value("postern_authentications_total", { mechanism: "PLAIN", outcome: "success" })).toBe(1);
    expect(value("postern_verdicts_total", { check: "spf", result: "pass" })).toBe(4);
    expect(value("postern_verdicts_total", { check: "spf", result: "fail" })).toBe(1);
    expect(value("postern_verdicts_total", { check: "dnsbl", result: "clean" })).toBe(2);
    expect(value("postern_spool_bytes", { place: "memory" })).toBe(0);
    expect(value("process_start_time_seconds")).toBe(sample(before, "process_start_time_seconds"));
    expect(value("process_resident_memory_bytes")).toBeGreaterThan(1e6);
    expect(parseExposition(await served.metrics()).size).toBe(found.size);
    await served.close();
  });

  test("tell what the spool holds now", async () => {
    const served = await runtime.serve("operating", { http: { port: 0 }, spool: { memoryPerMessage: 1024 } });
    const client = await greeted(served.port);
    await client.command("MAIL FROM:<a@none.test>");
    await client.command("RCPT TO:<hold@example.com>");
    await client.command("DATA");
    client.write(`Subject: held\r\n\r\n${`${"x".repeat(70)}\r\n`.repeat(2000)}.\r\n`);
    await fetch(`http://127.0.0.1:${served.httpPort}/held`);
    const found = await scrape(served);
    expect(sample(found, "postern_spool_bytes", { place: "disk" })).toBeGreaterThan(100_000);
    await fetch(`http://127.0.0.1:${served.httpPort}/release`, { method: "POST" });
    expect((await client.reply()).code).toBe(250);
    expect(sample(await scrape(served), "postern_spool_bytes", { place: "disk" })).toBe(0);
    client.destroy();
    await served.close();
  });

  test.skipIf(made === undefined)("count TLS versions, and handshakes that failed", async () => {
    const served = await runtime.serve("operating", { http: { port: 0 }, tls: made!.of("mx"), implicitTls: true });
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const socket = connectTls({
        port: served.port,
        host: "127.0.0.1",
        rejectUnauthorized: false,
        minVersion: version,
        maxVersion: version,
      });
      const client = WireClient.over(socket);
      await client.reply();
      await client.command("QUIT");
      await until(served, "postern_sessions_tls_total", { version }, 1);
    }
    connect(served.port, "127.0.0.1").on("error", () => {}).end("EHLO client.test\r\n");
    await until(served, "postern_tls_handshake_failures_total", {}, 1);
    await until(served, "postern_sessions_total", { outcome: "handshake" }, 1);
    await served.close();
  });

  test("have no more labels, whatever clients send", async () => {
    const served = await runtime.serve("operating", {
      http: { port: 0 },
      allowInsecureAuth: true,
      limits: { errors: 1000, junkCommands: 1000 },
      timeouts: { authFailureDelay: 0 },
    });
    const size = async () => [...(await scrape(served)).values()].reduce((sum, { samples }) => sum + samples.size, 0);
    const client = await greeted(served.port);
    const strange = async (at: number) => {
      await client.command(`X${at}Y argument`);
      await client.command(`EHLO host${at}.test`);
      await client.command(`AUTH X-${at} AGFsaWNlAHdyb25n`);
      await client.command(`VRFY user${at}`);
      await client.command(`MAIL FROM:<a${at}@none${at}.test> X${at}=1`);
      await client.command(`MAIL FROM:<a${at}@none${at}.test>`);
      await client.command(`RCPT TO:<reject@d${at}.test>`);
      await client.command("DATA");
      client.write(`Subject: ${at}\r\nDKIM-Signature: v=${at}; a=b${at}\r\n\r\nx\r\n.\r\n`);
      await client.reply();
    };
    await strange(0);
    const first = await size();
    for (let at = 1; at < 20; at++) await strange(at);
    expect(await size()).toBe(first);
    client.destroy();
    await served.close();
  });

  test("each verdict of middleware is counted once, however many stages it is there for", async () => {
    const served = await runtime.serve("judging", { metrics: true });
    const client = await greeted(served.port);
    for (const from of ["a@pass.test", "b@pass.test"]) {
      await client.command(`MAIL FROM:<${from}>`);
      await client.command("RCPT TO:<a@example.com>");
      await client.command("RCPT TO:<b@example.com>");
      await client.command("DATA");
      client.write(`From: ${from}\r\n\r\nhello\r\n.\r\n`);
      expect((await client.reply()).code).toBe(250);
    }
    // Policy is counted each time that it is asked.
    expect((await client.command("MAIL FROM:<b@pass.test>")).code).toBe(451);
    await client.command("MAIL FROM:<a@odd.test>");
    expect((await client.command("RCPT TO:<grey@example.com>")).code).toBe(451);
    expect((await client.command("RCPT TO:<back@example.com>")).code).toBe(250);
    client.destroy();
    const early = await WireClient.connect({ port: served.port });
    early.write("EHLO client.test\r\n");
    expect((await early.reply()).code).toBe(554);
    early.destroy();
    const found = parseExposition(await served.metrics());
    expect([...found.get("postern_verdicts_total")!.samples].sort()).toEqual([
      ["postern_verdicts_total{check=arc,result=none}", 2],
      ["postern_verdicts_total{check=dkim,result=none}", 2],
      ["postern_verdicts_total{check=dmarc,result=pass}", 2],
      ["postern_verdicts_total{check=dnsbl,result=listed}", 2],
      ["postern_verdicts_total{check=early-talker,result=early}", 1],
      ["postern_verdicts_total{check=early-talker,result=held}", 2],
      ["postern_verdicts_total{check=greylist,result=deferred}", 1],
      ["postern_verdicts_total{check=greylist,result=passed}", 1],
      ["postern_verdicts_total{check=iprev,result=pass}", 2],
      ["postern_verdicts_total{check=mx,result=mailable}", 2],
      ["postern_verdicts_total{check=mx,result=unmailable}", 1],
      ["postern_verdicts_total{check=rate-limit,result=exceeded}", 1],
      ["postern_verdicts_total{check=rate-limit,result=within}", 3],
      ["postern_verdicts_total{check=spf,result=other}", 1],
      ["postern_verdicts_total{check=spf,result=pass}", 2],
      ["postern_verdicts_total{check=tarpit,result=held}", 6],
    ]);
    await served.close();
  });

  test("count who is turned away: no place left, no PROXY header", async () => {
    const full = await runtime.serve("operating", { metrics: true, maxConnections: 1 });
    const first = await greeted(full.port);
    const second = await WireClient.connect({ port: full.port });
    expect((await second.reply()).code).toBe(421);
    const proxied = await runtime.serve("operating", { metrics: true, proxyProtocol: ["127.0.0.1"] });
    const bare = await WireClient.connect({ port: proxied.port });
    bare.write("EHLO client.test\r\n");
    await bare.closed();
    const refused = async (served: Served, reason: string) =>
      sample(parseExposition(await served.metrics()), "postern_connections_refused_total", { reason });
    expect([await refused(full, "server_full"), await refused(full, "no_proxy_header")]).toEqual([1, 0]);
    expect([await refused(proxied, "server_full"), await refused(proxied, "no_proxy_header")]).toEqual([0, 1]);
    for (const client of [first, second, bare]) client.destroy();
    for (const served of [full, proxied]) await served.close();
  });
});
