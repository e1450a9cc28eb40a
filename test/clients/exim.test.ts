/**
 * Proves the private Exim against a server that is not ours.
 */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Certificates, makeCertificates } from "./certificates.ts";
import type { Message } from "./client.ts";
import * as exim from "./exim.ts";
import * as reference from "./reference.ts";
import { type Scratch, scratch } from "./scratch.ts";

// Each program has a time limit of its own, well below this one.
setDefaultTimeout(60_000);

const there = await reference.available() && await exim.available();

const message: Message = {
  from: "alice@example.com",
  to: ["bob@example.net", "carol@example.net"],
  data: "From: alice@example.com\r\nSubject: hello\r\n\r\n.\r\n.dots\r\ngrüße\r\n",
};
const body = "\r\n\r\n.\r\n.dots\r\ngrüße\r\n";

let folder: Scratch;
let files: Certificates;

beforeAll(async () => {
  folder = await scratch("exim-test", { shared: true });
  files = await makeCertificates(folder.path);
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

describe.skipIf(!there)("a private Exim", () => {
  test("keeps a message that got a 451 and delivers it when it tries again", async () => {
    await using server = await reference.startReference({ replies: ["451 4.3.0 come back"] });
    await using queue = await exim.startExim({ relay: server });
    await queue.submit(message);
    await queue.logged(/451 4\.3\.0 come back/);
    await queue.emptied();
    const arrived = await server.arrived(2);
    expect(arrived.map(({ reply }) => reply.slice(0, 3))).toEqual(["451", "250"]);
    expect(arrived[1]).toMatchObject({ from: message.from, to: [...message.to] });
    expect(new TextDecoder().decode(arrived[1]?.bytes)).toEndWith(body);
  });

  test("throws its bounces away unless it is told to send them", async () => {
    for (const bounces of ["discard", "send"] as const) {
      await using server = await reference.startReference({ replies: ["554 5.7.1 never"] });
      await using queue = await exim.startExim({ relay: server, bounces });
      await queue.submit(message);
      await queue.logged(bounces === "send" ? /=> alice@example\.com/ : /=> :blackhole: <alice@example\.com>/);
      await queue.emptied();
      expect(server.messages()).toHaveLength(bounces === "send" ? 2 : 1);
    }
  });

  for (const tls of ["starttls", "implicit"] as const) {
    test(`delivers over ${tls}, verified, with its certificate`, async () => {
      await using server = await reference.startReference({
        ...files.server,
        ca: files.ca,
        implicitTls: tls === "implicit",
      });
      await using queue = await exim.startExim({ relay: server, tls, ca: files.ca, certificate: files.client });
      await queue.submit(message);
      expect((await server.arrived(1))[0]).toMatchObject({ tls: "TLSv1.3", certificate: "alice@example.com" });
    });
  }

  test("does not trust a stranger", async () => {
    await using server = await reference.startReference(files.stranger);
    await using queue = await exim.startExim({ relay: server, tls: "starttls", ca: files.ca });
    await queue.submit(message);
    await queue.logged(/TLS session:.*certificate/i);
    expect(server.messages()).toEqual([]);
  });

  for (const mechanism of exim.mechanisms) {
    test(`authenticates by ${mechanism}`, async () => {
      const user = { user: "alice", password: "s3cr:et^$x" };
      const options = { ...files.server, ca: files.ca, mechanisms: [mechanism], ...user };
      await using server = await reference.startReference(options);
      const auth = { mechanism, ...user };
      await using queue = await exim.startExim({ relay: server, tls: "starttls", auth, certificate: files.client });
      await queue.submit(message);
      expect((await server.arrived(1))[0]?.auth).toBe(mechanism);
    });
  }

  test("speaks LMTP to a port and to a Unix socket", async () => {
    const one = { ...message, to: ["bob@example.net"] };
    await using server = await reference.startReference({ lmtp: true });
    await using queue = await exim.startExim({ relay: server, protocol: "lmtp" });
    await queue.submit(one);
    await server.arrived(1);
    const unix = folder.file("lmtp.sock");
    await using local = await reference.startReference({ lmtp: true, unix });
    await using other = await exim.startExim({ relay: { unix } });
    await other.submit(one);
    await local.arrived(1);
    await other.emptied();
  });

  test("leaves no process behind", async () => {
    await using server = await reference.startReference({ replies: Array(9).fill("451 4.3.0 later") });
    const queue = await exim.startExim({ relay: server });
    await queue.submit(message);
    await server.arrived(1);
    expect(await queue.processes()).not.toEqual([]);
    await queue[Symbol.asyncDispose]();
    expect(await queue.processes()).toEqual([]);
  });
});
