/**
 * Proves the private Postfix and smtp-source against a server that is not ours.
 */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readMail } from "../mail/check.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import type { Message } from "./client.ts";
import * as postfix from "./postfix.ts";
import * as reference from "./reference.ts";
import { freePort, type Scratch, scratch } from "./scratch.ts";
import { load, startSink } from "./smtp_source.ts";
import * as swaks from "./swaks.ts";

// Each program has a time limit of its own, well below this one.
setDefaultTimeout(60_000);

const there = await reference.available() && await postfix.available();

const message: Message = {
  from: "alice@example.com",
  to: ["bob@example.net"],
  data: "From: alice@example.com\r\nSubject: hello\r\n\r\n.\r\n.dots\r\ngrüße\r\n",
};
const body = "\r\n\r\n.\r\n.dots\r\ngrüße\r\n";

let folder: Scratch;
let files: Certificates;

beforeAll(async () => {
  // Postfix's daemons read the certificates too.
  folder = await scratch("postfix-test", { shared: true });
  files = await makeCertificates(folder.path);
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

describe.skipIf(!there)("a private Postfix", () => {
  test("keeps a message that got a 451 and delivers it when it tries again", async () => {
    await using server = await reference.startReference({ replies: ["451 4.3.0 come back", "451 4.3.0 once more"] });
    await using queue = await postfix.startPostfix({ relay: server });
    await queue.submit(message);
    await queue.logged(/status=deferred .*451 4\.3\.0 come back/);
    const [queued] = await queue.queue();
    expect(queued).toMatchObject({ sender: message.from, recipients: [{ address: "bob@example.net" }] });
    await queue.emptied();
    const arrived = await server.arrived(3);
    expect(arrived.map(({ reply }) => reply.slice(0, 3))).toEqual(["451", "451", "250"]);
    expect(new TextDecoder().decode(arrived[2]?.bytes)).toEndWith(body);
    expect(await queue.log()).toMatch(/status=sent/);
  });

  test("bounces what got a 554", async () => {
    await using server = await reference.startReference({ replies: ["554 5.7.1 never"] });
    await using queue = await postfix.startPostfix({ relay: server, bounces: "send" });
    await queue.submit(message);
    const [, bounce] = await server.arrived(2);
    expect(bounce).toMatchObject({ from: "", to: [message.from] });
    await queue.emptied();
  });

  test("throws its bounces away unless it is told to send them", async () => {
    await using server = await reference.startReference({ replies: ["554 5.7.1 never"] });
    await using queue = await postfix.startPostfix({ relay: server });
    await queue.submit(message);
    await queue.logged(/discard: header From: Mail Delivery System/);
    await queue.emptied();
    expect(server.messages()).toHaveLength(1);
  });

  test("sends from the null sender", async () => {
    await using server = await reference.startReference();
    await using queue = await postfix.startPostfix({ relay: server });
    await queue.submit({ ...message, from: "" });
    expect((await server.arrived(1))[0]?.from).toBe("");
  });

  for (const tlsLevel of ["encrypt", "secure"] as const) {
    test(`delivers over STARTTLS, level ${tlsLevel}, with its certificate`, async () => {
      await using server = await reference.startReference({ ...files.server, ca: files.ca });
      const trust = tlsLevel === "secure" ? { ca: files.ca, serverName: "localhost" } : {};
      const options = { relay: server, tlsLevel, certificate: files.client, ...trust };
      await using queue = await postfix.startPostfix(options);
      await queue.submit(message);
      expect((await server.arrived(1))[0]).toMatchObject({ tls: "TLSv1.3", certificate: "alice@example.com" });
    });
  }

  test("does not trust a stranger at level secure", async () => {
    await using server = await reference.startReference(files.stranger);
    const options = { relay: server, tlsLevel: "secure", ca: files.ca, serverName: "localhost" } as const;
    await using queue = await postfix.startPostfix(options);
    await queue.submit(message);
    await queue.logged(/status=deferred \(Server certificate not (trusted|verified)\)/);
    expect(server.messages()).toEqual([]);
  });

  test("delivers over implicit TLS", async () => {
    await using server = await reference.startReference({ ...files.server, implicitTls: true });
    await using queue = await postfix.startPostfix({ relay: server, tlsLevel: "encrypt", implicitTls: true });
    await queue.submit(message);
    expect((await server.arrived(1))[0]?.tls).toBe("TLSv1.3");
  });

  for (const mechanism of postfix.mechanisms) {
    test(`authenticates by ${mechanism}`, async () => {
      const user = { user: "alice", password: "s3cret" };
      await using server = await reference.startReference({ ...files.server, mechanisms: [mechanism], ...user });
      const options = { relay: server, tlsLevel: "encrypt", auth: { mechanism, ...user } } as const;
      await using queue = await postfix.startPostfix(options);
      await queue.submit(message);
      expect((await server.arrived(1))[0]?.auth).toBe(mechanism.startsWith("SCRAM") ? "SCRAM" : mechanism);
    });
  }

  test("keeps its mail when the password is wrong", async () => {
    const auth = { mechanism: "PLAIN", user: "alice", password: "wrong" } as const;
    await using server = await reference.startReference({ ...files.server, mechanisms: ["PLAIN"] });
    await using queue = await postfix.startPostfix({ relay: server, tlsLevel: "encrypt", auth });
    await queue.submit(message);
    await queue.logged(/status=deferred \(SASL authentication failed/);
  });

  test("speaks LMTP to a port and to a Unix socket", async () => {
    await using server = await reference.startReference({ lmtp: true });
    await using queue = await postfix.startPostfix({ relay: server, protocol: "lmtp" });
    await queue.submit(message);
    await server.arrived(1);
    const unix = folder.file("lmtp.sock");
    await using local = await reference.startReference({ lmtp: true, unix });
    await using other = await postfix.startPostfix({ relay: { unix }, protocol: "lmtp" });
    await other.submit(message);
    await local.arrived(1);
    await other.emptied();
  });

  test("takes mail on the port it is given", async () => {
    await using server = await reference.startReference();
    const listen = await freePort();
    await using _queue = await postfix.startPostfix({ relay: server, listen });
    const { code } = await load({ host: "127.0.0.1", port: listen }, { from: message.from, to: "bob@example.net" });
    expect(code).toBe(0);
    expect((await server.arrived(1))[0]).toMatchObject({ from: message.from, to: ["bob@example.net"] });
  });

  test("offers Swaks pipelining, which it uses", async () => {
    await using server = await reference.startReference();
    const listen = await freePort();
    await using _queue = await postfix.startPostfix({ relay: server, listen });
    const outcome = await swaks.send({ host: "127.0.0.1", port: listen }, message, { pipeline: true });
    expect(outcome.code).toBe(0);
    // MAIL, RCPT and DATA go out before the first reply comes in.
    expect(outcome.output).toMatch(/ -> MAIL FROM.*\n -> RCPT TO.*\n -> DATA/);
    await server.arrived(1);
  });

  test("asks for SMTPUTF8 when the message needs it", async () => {
    await using server = await reference.startReference();
    await using queue = await postfix.startPostfix({ relay: server });
    const data = Buffer.from(readMail("smtputf8"));
    await queue.submit({ from: "jürgen@bücher.example", to: ["用户@例子.广告"], data });
    const [arrived] = await server.arrived(1);
    expect(arrived).toMatchObject({ from: "jürgen@bücher.example", to: ["用户@例子.广告"] });
    expect(arrived?.mail_options).toContain("SMTPUTF8");
    expect(Buffer.from(arrived!.bytes).toString("latin1")).toEndWith(data.toString("latin1"));
  });

  test("leaves no process behind", async () => {
    await using server = await reference.startReference();
    const queue = await postfix.startPostfix({ relay: server });
    await queue.submit(message);
    await server.arrived(1);
    expect(await queue.processes()).not.toEqual([]);
    await queue[Symbol.asyncDispose]();
    expect(await queue.processes()).toEqual([]);
  });
});

describe.skipIf(!there)("smtp-source", () => {
  test("sends its load to smtp-sink", async () => {
    await using sink = await startSink();
    const result = await load(sink, { sessions: 4, messages: 200, bytes: 1024, keepConnections: true });
    expect(result).toMatchObject({ code: 0, timedOut: false });
    expect(result.messagesPerSecond).toBeGreaterThan(0);
  });

  test("counts every message and recipient", async () => {
    await using server = await reference.startReference();
    const result = await load(server, { sessions: 3, messages: 9, recipients: 2, to: "bob@example.net" });
    expect(result.code).toBe(0);
    const arrived = await server.arrived(9);
    expect(arrived.map(({ to }) => to.length)).toEqual(Array(9).fill(2));
  });

  test("ends with an error at the first refusal", async () => {
    await using server = await reference.startReference({ replies: ["554 5.7.1 never"] });
    const result = await load(server);
    expect(result.code).not.toBe(0);
    expect(result.output).toContain("554 5.7.1 never");
  });

  test("speaks LMTP", async () => {
    await using server = await reference.startReference({ lmtp: true });
    expect((await load(server, { lmtp: true, messages: 2 })).code).toBe(0);
    await server.arrived(2);
  });
});
