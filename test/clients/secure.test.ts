/** Real programs hand over mail encrypted, on each runtime, by every mechanism of login that each of them knows. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import type { Secured } from "../fixture/secure.ts";
import { runtimeNames } from "../runtime.ts";
import { RawClient } from "../tls/client.ts";
import { clients } from "./all.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import type { Message, SendOptions } from "./client.ts";
import * as gsasl from "./gsasl.ts";
import { bindChannel } from "./scram_plus.ts";
import { atMost, mechanismsOfServer, SecureServer } from "./secure_server.ts";
import { type Scratch, scratch } from "./scratch.ts";

// Each program has a time limit of its own, well below this one.
setDefaultTimeout(60_000);

const data = "From: alice@example.com\r\nSubject: hello\r\n\r\n.\r\n..two\r\n";
const sha256 = createHash("sha256").update(data).digest("hex");
const good = { user: "alice", password: "wonderland" };
const bad = { user: "alice", password: "looking-glass" };
const usable = await Promise.all(clients.map((client) => client.available()));
const hasGsasl = await gsasl.available();
/** Programs at a time: more would only wait for each other. */
const turn = atMost(4);

let folder: Scratch;
let files: Certificates;

beforeAll(async () => {
  folder = await scratch("secure");
  files = await makeCertificates(folder.path);
});
afterAll(async () => await folder[Symbol.asyncDispose]());

for (const name of runtimeNames) {
  describe(name, () => {
    let server: SecureServer;
    beforeAll(async () => {
      server = await SecureServer.start(name, files);
    });
    afterAll(async () => await server[Symbol.asyncDispose]());

    clients.forEach((client, index) => {
      if (!usable[index]) return;
      const own = client.name.replaceAll(/\W+/g, "-");

      function send(message: Message, options: SendOptions) {
        // curl takes OAUTHBEARER where there is a choice, whatever it is told.
        const { [options.tls === "implicit" ? "implicit" : "starttls"]: target } =
          client.name === "curl" && options.auth?.mechanism === "XOAUTH2" ? server.xoauth2 : server.all;
        return turn(() => client.send(target, message, { ca: files.ca, ...options }));
      }

      for (const tls of ["starttls", "implicit"] as const) {
        test.concurrent(`${client.name} delivers, tls ${tls}`, async () => {
          const message = { from: "carol@x.test", to: [`${own}.${tls}@example.com`], data };
          expect(await send(message, { tls })).toMatchObject({ code: 0, timedOut: false });
          const [arrived, ...more] = await server.arrived(message.to[0]!);
          expect(more).toEqual([]);
          expect(arrived).toMatchObject({ from: "carol@x.test", ...(client.verbatim ? { sha256 } : {}) });
          expect(arrived).toMatchObject({ protocol: "ESMTPS", received: "ESMTPS", tls: "TLSv1.3" });
          expect(arrived?.user).toBeUndefined();
          expect(arrived?.verified).toBeUndefined();
        });

        for (const mechanism of client.mechanisms.filter((each) => mechanismsOfServer.includes(each))) {
          test.concurrent(`${client.name} logs in by ${mechanism}, tls ${tls}`, async () => {
            const message = { from: "alice@example.com", to: [`${own}.${tls}.${mechanism}@elsewhere.test`], data };
            const certificate = mechanism === "EXTERNAL" ? { certificate: files.client } : {};
            const outcome = await send(message, { tls, auth: { mechanism, ...good }, ...certificate });
            expect(outcome).toMatchObject({ code: 0, timedOut: false });
            const [arrived, ...more] = await server.arrived(message.to[0]!);
            expect(more).toEqual([]);
            const expected: Partial<Secured> = { protocol: "ESMTPSA", received: "ESMTPSA", user: "alice", mechanism };
            expect(arrived).toMatchObject({ ...expected, ...(client.verbatim ? { sha256 } : {}) });
            if (mechanism === "EXTERNAL") expect(arrived?.verified).toBe(true);
          });
        }
      }

      for (const mechanism of client.mechanisms.filter((each) => mechanismsOfServer.includes(each))) {
        const isExternal = mechanism === "EXTERNAL";
        const what = isExternal ? "with a stranger's certificate" : "with a wrong password";
        test.concurrent(`${client.name} is refused by ${mechanism} ${what}`, async () => {
          const message = { from: "alice@example.com", to: [`${own}.bad.${mechanism}@elsewhere.test`], data };
          const options: SendOptions = isExternal
            ? { auth: { mechanism, ...good }, certificate: files.stranger }
            : { auth: { mechanism, ...bad } };
          const outcome = await send(message, { tls: "starttls", ...options });
          expect(outcome.timedOut).toBe(false);
          expect(outcome.code).not.toBe(0);
          // At the challenge that tells of the error, curl hangs up.
          if (!isExternal) expect(outcome.output).toMatch(mechanism === "XOAUTH2" ? /535|Login denied/ : /535/);
          expect(await server.arrived(message.to[0]!)).toEqual([]);
        });
      }

      test.concurrent(`${client.name} sends with a stranger's certificate as anybody may`, async () => {
        const certificate = files.stranger;
        const message = { from: "alice@example.com", to: [`${own}.stranger@example.com`], data };
        expect(await send(message, { tls: "starttls", certificate })).toMatchObject({ code: 0, timedOut: false });
        const [arrived] = await server.arrived(message.to[0]!);
        expect(arrived).toMatchObject({ protocol: "ESMTPS" });
        // GnuTLS keeps back a certificate that none of the server's authorities has signed.
        expect(arrived?.verified).toBe(client.name === "msmtp" ? undefined : false);
      });

      if (!client.tls.includes("none")) return;
      test.concurrent(`${client.name} is offered no login in clear`, async () => {
        const message = { from: "alice@example.com", to: [`${own}.clear@elsewhere.test`], data };
        const outcome = await turn(() =>
          client.send(server.all.starttls, message, { auth: { mechanism: "PLAIN", ...good } })
        );
        expect(outcome).toMatchObject({ timedOut: false });
        expect(outcome.code).not.toBe(0);
        expect(await server.arrived(message.to[0]!)).toEqual([]);
      });
    });

    for (const mechanism of ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "EXTERNAL"] as const) {
      test.skipIf(!hasGsasl).concurrent(`GNU SASL agrees on ${mechanism}`, async () => {
        const options = { tls: "starttls", ca: files.ca } as const;
        const isExternal = mechanism === "EXTERNAL";
        const known = isExternal ? { certificate: files.client } : {};
        const login = await turn(() =>
          gsasl.authenticate(server.all.starttls, { mechanism, ...good }, { ...options, ...known })
        );
        expect(login).toMatchObject({ code: 0, timedOut: false });
        const strange = isExternal ? { certificate: files.stranger } : {};
        const refused = await turn(() =>
          gsasl.authenticate(server.all.starttls, { mechanism, ...bad }, { ...options, ...strange })
        );
        expect(refused.timedOut).toBe(false);
        expect(refused.code).not.toBe(0);
      });
    }

    for (const mechanism of ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"] as const) {
      // GNU SASL binds by tls-exporter, which Deno does not give.
      test.skipIf(!hasGsasl).concurrent(`GNU SASL on ${mechanism}`, async () => {
        const options = { tls: "starttls", ca: files.ca } as const;
        const login = await turn(() => gsasl.authenticate(server.all.starttls, { mechanism, ...good }, options));
        if (name === "deno") expect(login.code).not.toBe(0);
        else expect(login).toMatchObject({ code: 0 });
        const refused = await turn(() => gsasl.authenticate(server.all.starttls, { mechanism, ...bad }, options));
        expect(refused).toMatchObject({ timedOut: false });
        expect(refused.code).not.toBe(0);
        expect(refused.output).toContain("535");
      });

      for (const type of ["tls-server-end-point", "tls-exporter"] as const) {
        for (const tls of ["starttls", "implicit"] as const) {
          test.concurrent(`${mechanism} bound by ${type}, tls ${tls}`, async () => {
            const attempt = { mechanism, type, ca: files.ca, implicit: tls === "implicit" };
            const { port } = server.all[tls];
            const isPossible = type === "tls-server-end-point" || name !== "deno";
            const reply = await bindChannel(port, { ...attempt, password: good.password });
            expect(reply).toStartWith(isPossible ? "235 2.7.0 " : "535 5.7.8 ");
            expect(await bindChannel(port, { ...attempt, password: bad.password })).toStartWith("535 5.7.8 ");
            const elsewhere = await bindChannel(port, { ...attempt, password: good.password, forge: true });
            expect(elsewhere).toStartWith("535 5.7.8 ");
          });
        }
      }
    }

    test("a login in clear is forgotten at STARTTLS, and another is needed", async () => {
      const served = await server.serveInClear();
      const raw = await RawClient.connect(served.port);
      await raw.replies(1);
      const login = `AUTH PLAIN ${btoa("\0alice\0wonderland")}`;
      for (const [line, reply] of [["EHLO client.test", /AUTH /], [login, /^235/], ["STARTTLS", /^220/]] as const) {
        raw.write(`${line}\r\n`);
        expect((await raw.replies(1))[0]).toMatch(reply);
      }
      const client = await raw.startTls();
      const code = async (line: string): Promise<number> => (await client.command(line)).code;
      expect(await code("EHLO client.test")).toBe(250);
      expect(await code("MAIL FROM:<alice@example.com>")).toBe(250);
      expect((await client.command("RCPT TO:<b@elsewhere.test>")).raw).toContain("Log in to send there");
      expect(await code("RCPT TO:<b@example.com>")).toBe(250);
      expect(await code("DATA")).toBe(354);
      expect(await code("Subject: hello\r\n\r\nhello\r\n.")).toBe(250);
      expect(await code(login)).toBe(235);
      expect(await code("MAIL FROM:<alice@example.com>")).toBe(250);
      expect(await code("RCPT TO:<b@elsewhere.test>")).toBe(250);
      expect(await code("DATA")).toBe(354);
      expect(await code("Subject: hello\r\n\r\nhello\r\n.")).toBe(250);
      client.destroy();
      const contents = (await served.deliveries()).map(({ content }) => JSON.parse(content!) as Secured);
      await served.close(0);
      expect(contents.map(({ received }) => received)).toEqual(["ESMTPS", "ESMTPSA"]);
      expect(contents.map(({ user }) => user)).toEqual([undefined, "alice"]);
    });
  });
}
