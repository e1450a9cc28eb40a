/**
 * Proves the drivers against a server that is not ours, so that a failure elsewhere is known to be Postern's.
 */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readMail } from "../mail/check.ts";
import { clients } from "./all.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import type { Auth, Mechanism, Message } from "./client.ts";
import * as gsasl from "./gsasl.ts";
import { available, type ReferenceOptions, startReference } from "./reference.ts";
import { type Scratch, scratch } from "./scratch.ts";
import * as smtplib from "./smtplib.ts";
import { send as swaksSend } from "./swaks.ts";

// Each program has a time limit of its own, well below this one.
setDefaultTimeout(60_000);

const there = await available();

/** Dots, 8-bit bytes, a long line and a header that programs like to touch. */
const message: Message = {
  from: "alice@example.com",
  to: ["bob@example.net", "carol@example.net"],
  data: [
    "Received: from nowhere.test by nowhere.test; Thu, 1 Jan 1970 00:00:00 +0000",
    "From: Alice <alice@example.com>",
    "To: bob@example.net, carol@example.net",
    "Subject: dots and =?UTF-8?Q?w=C3=B6rds?=",
    "Date: Thu, 01 Jan 1970 00:00:00 +0000",
    "Message-ID: <1@example.com>",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "",
    ".",
    "..two",
    ".hidden %FROM_ADDRESS% \\n",
    "grüße, 世界",
    "x".repeat(998),
    "From here",
    "",
    ".",
    "",
  ].join("\r\n"),
};

let folder: Scratch;
let files: Certificates;
const user = { user: "alice", password: "s3cret&x" };
/** The mechanisms that the reference server knows. */
const known: readonly Mechanism[] = [
  "PLAIN",
  "LOGIN",
  "CRAM-MD5",
  "SCRAM-SHA-1",
  "SCRAM-SHA-256",
  "XOAUTH2",
  "OAUTHBEARER",
  "EXTERNAL",
];

beforeAll(async () => {
  folder = await scratch("clients");
  files = await makeCertificates(folder.path);
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

function encrypted(implicitTls = false): ReferenceOptions {
  return { ...files.server, ca: files.ca, implicitTls };
}

for (const client of clients) {
  const usable = there && await client.available();

  describe.skipIf(!usable)(client.name, () => {
    for (const tls of client.tls) {
      test(`delivers byte for byte, tls ${tls}`, async () => {
        await using server = await startReference(tls === "none" ? {} : encrypted(tls === "implicit"));
        const outcome = await client.send(server, message, { tls, ...(tls === "none" ? {} : { ca: files.ca }) });
        expect(outcome).toMatchObject({ code: 0, timedOut: false });
        const [arrived, ...more] = await server.arrived(1);
        expect(more).toEqual([]);
        expect(arrived).toMatchObject({ from: message.from, to: [...message.to], helo: "client.test", extended: true });
        expect(arrived?.tls).toBe(tls === "none" ? null : "TLSv1.3");
        if (client.verbatim) expect(new TextDecoder().decode(arrived?.bytes)).toBe(String(message.data));
      });
    }

    test("reports a refusal after the message", async () => {
      const tls = client.tls.includes("none") ? "none" : "starttls";
      const replies = ["554 5.7.1 not this one"];
      await using server = await startReference({ ...(tls === "none" ? {} : encrypted()), replies });
      const outcome = await client.send(server, message, { tls });
      expect(outcome.code).not.toBe(0);
      expect(outcome.output).toContain("not this one");
    });

    test("does not trust a certificate of nobody's", async () => {
      await using server = await startReference({ ...files.stranger });
      const outcome = await client.send(server, message, { tls: "starttls", ca: files.ca });
      expect(outcome.code).not.toBe(0);
      expect(outcome.timedOut).toBe(false);
      expect(server.messages()).toEqual([]);
    });

    test("does not fall back to clear", async () => {
      await using server = await startReference();
      const outcome = await client.send(server, message, { tls: "starttls" });
      expect(outcome.code).not.toBe(0);
      expect(server.messages()).toEqual([]);
    });

    test("presents its certificate", async () => {
      await using server = await startReference(encrypted());
      const outcome = await client.send(server, message, { tls: "starttls", certificate: files.client });
      expect(outcome.code).toBe(0);
      expect((await server.arrived(1))[0]?.certificate).toBe("alice@example.com");
    });

    for (const mechanism of client.mechanisms.filter((name) => known.includes(name))) {
      test(`authenticates by ${mechanism}`, async () => {
        const auth: Auth = { mechanism, ...user };
        const certificate = mechanism === "EXTERNAL" ? { certificate: files.client } : {};
        await using server = await startReference({ ...encrypted(), mechanisms: [mechanism], ...user });
        const good = await client.send(server, message, { tls: "starttls", auth, ...certificate });
        expect(good).toMatchObject({ code: 0 });
        expect((await server.arrived(1)).map((arrived) => arrived.auth)).toEqual([
          mechanism.startsWith("SCRAM") ? "SCRAM" : mechanism,
        ]);
        if (mechanism === "EXTERNAL") return;
        const bad = await client.send(server, message, { tls: "starttls", auth: { ...auth, password: "wrong" } });
        expect(bad.code).not.toBe(0);
        expect(bad.timedOut).toBe(false);
        expect(server.messages()).toHaveLength(1);
      });
    }

    if (client.lmtp) {
      test("speaks LMTP", async () => {
        const tls = client.tls.includes("none") ? "none" : "starttls";
        await using server = await startReference({ lmtp: true });
        const one = { ...message, to: ["bob@example.net"] };
        expect(await client.send(server, one, { tls, lmtp: true })).toMatchObject({ code: 0 });
        expect(await server.arrived(1)).toHaveLength(1);
      });
    }

    if (client.unix) {
      test("connects to a Unix socket", async () => {
        const unix = folder.file(`${client.name}.sock`);
        await using server = await startReference({ unix });
        expect(await client.send({ unix }, message)).toMatchObject({ code: 0 });
        expect(await server.arrived(1)).toHaveLength(1);
      });
    }
  });
}

const gsaslUsable = there && await gsasl.available();
describe.skipIf(!gsaslUsable)("gsasl", () => {
  for (const mechanism of ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"] as const) {
    test(`authenticates by ${mechanism}`, async () => {
      await using server = await startReference({ ...encrypted(), mechanisms: [mechanism], ...user });
      const options = { tls: "starttls", ca: files.ca } as const;
      expect(await gsasl.authenticate(server, { mechanism, ...user }, options)).toMatchObject({ code: 0 });
      const bad = await gsasl.authenticate(server, { mechanism, ...user, password: "wrong" }, options);
      expect(bad.code).not.toBe(0);
      expect(bad.timedOut).toBe(false);
    });
  }
});

const smtplibUsable = there && await smtplib.smtplib.available();
describe.skipIf(!smtplibUsable)("smtplib alone", () => {
  test("asks for SMTPUTF8", async () => {
    await using server = await startReference();
    const utf8 = { from: "jürgen@bücher.example", to: ["用户@例子.广告"], data: readMail("smtputf8") };
    const outcome = await smtplib.send(server, utf8, { mailOptions: ["SMTPUTF8", "BODY=8BITMIME"] });
    expect(outcome).toMatchObject({ code: 0 });
    const [arrived] = await server.arrived(1);
    expect(arrived).toMatchObject({ from: utf8.from, to: utf8.to });
    expect(arrived?.bytes).toEqual(new Uint8Array(utf8.data));
  });
});

const swaksUsable = there && await clients[0]!.available();
describe.skipIf(!swaksUsable)("swaks alone", () => {
  for (const version of [1, 2] as const) {
    for (const address of ["192.0.2.7", "2001:db8::7"]) {
      test(`sends a PROXY v${version} header for ${address}`, async () => {
        await using server = await startReference({ proxy: true });
        const proxy = { version, source: { address, port: 4000 }, destination: { address, port: 25 } };
        expect(await swaksSend(server, message, { proxy })).toMatchObject({ code: 0 });
        expect(server.events()).toContainEqual(
          { event: "proxy", version, command: version === 1 ? null : "PROXY", source: address, tlvs: [] },
        );
      });
    }
  }

  test("stops where it is told to", async () => {
    await using server = await startReference();
    const outcome = await swaksSend(server, message, { quitAfter: "rcpt" });
    expect(outcome.code).toBe(0);
    expect(outcome.output).toContain("RCPT TO:<carol@example.net>");
    expect(server.messages()).toEqual([]);
  });
});
