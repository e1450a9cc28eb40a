/**
 * Proves the driver of HAProxy against a server that is not ours.
 */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Certificates, makeCertificates } from "./certificates.ts";
import type { Message } from "./client.ts";
import { available, startHaproxy } from "./haproxy.ts";
import * as nodemailer from "./nodemailer.ts";
import * as reference from "./reference.ts";
import { freePort, type Scratch, scratch } from "./scratch.ts";

// Each program has a time limit of its own, well below this one.
setDefaultTimeout(60_000);

const there = await reference.available() && await available();

const message: Message = {
  from: "alice@example.com",
  to: ["bob@example.net"],
  data: "Subject: hello\r\n\r\nhello\r\n",
};

let folder: Scratch;
let files: Certificates;

beforeAll(async () => {
  folder = await scratch("haproxy-test");
  files = await makeCertificates(folder.path);
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

describe.skipIf(!there)("HAProxy", () => {
  test("passes a message on", async () => {
    await using server = await reference.startReference();
    await using haproxy = await startHaproxy({ to: server });
    expect(await nodemailer.send(haproxy, message)).toMatchObject({ code: 0 });
    await server.arrived(1);
    expect(await haproxy.status()).toBe("no check");
  });

  for (const version of [1, 2] as const) {
    test(`sends a PROXY v${version} header`, async () => {
      await using server = await reference.startReference({ proxy: true });
      await using haproxy = await startHaproxy({ to: server, proxy: version });
      expect(await nodemailer.send(haproxy, message)).toMatchObject({ code: 0 });
      await server.arrived(1);
      const event = {
        event: "proxy",
        version,
        command: version === 1 ? null : "PROXY",
        source: "127.0.0.1",
        tlvs: [],
      } as const;
      expect(server.events()).toContainEqual(event);
    });
  }

  test("sends the TLVs that it is asked for", async () => {
    await using server = await reference.startReference({ proxy: true });
    const tlvs = ["crc32c", "unique-id", "ssl", "authority"];
    await using haproxy = await startHaproxy({ to: server, proxy: 2, tlvs, tls: files.server });
    expect(await nodemailer.send(haproxy, message, { tls: "implicit", ca: files.ca })).toMatchObject({ code: 0 });
    await server.arrived(1);
    const header = server.events().find((event) => event.event === "proxy");
    expect(header?.tlvs).toEqual(expect.arrayContaining(["CRC32C", "UNIQUE_ID", "SSL"]));
  });

  test("finds a server up, by connecting and by EHLO", async () => {
    for (const check of ["connect", "smtp"] as const) {
      await using server = await reference.startReference();
      await using haproxy = await startHaproxy({ to: server, check });
      await haproxy.checked(check === "smtp" ? /^L7OK/ : /^L4OK/);
      expect(await haproxy.status()).toBe("UP");
    }
  });

  test("finds a server down", async () => {
    await using haproxy = await startHaproxy({ to: { host: "127.0.0.1", port: await freePort() }, check: "smtp" });
    await haproxy.checked(/^L4CON/);
    expect((await nodemailer.send(haproxy, message)).code).toBe(1);
  });

  test("connects to a Unix socket", async () => {
    const unix = folder.file("server.sock");
    await using server = await reference.startReference({ unix });
    await using haproxy = await startHaproxy({ to: { unix } });
    expect(await nodemailer.send(haproxy, message)).toMatchObject({ code: 0 });
    await server.arrived(1);
  });
});
