/** Which certificate the server shows, and what it knows of the client by its own. */

import { describe, expect, test } from "bun:test";
import type { Session } from "postern";
import { openssl, RawClient, shownName, startTls } from "./client.ts";
import { deliver, gone, session, type Subject } from "./subject.ts";

export function identities(subject: Subject): void {
  const { made, serve } = subject;

  describe("certificates", () => {
    const sni = () => ({ "mx.other.test": made.of("exact"), "*.wild.test": made.of("wild") });

    test.each([
      ["mx.other.test", "exact"],
      ["MX.Other.TEST", "exact"],
      ["a.wild.test", "wild"],
      ["a.b.wild.test", "default"],
      ["wild.test", "default"],
      ["mx.test", "default"],
    ])("whoever asks for %s is shown the one of %s", async (servername, shown) => {
      if (subject.served === undefined || !("sni" in subject.served)) {
        subject.served = Object.assign(await serve({ tls: { ...made.of("default"), sni: sni() } }), { sni: true });
      }
      const client = await startTls(subject.served.port, { servername });
      expect(shownName(client)).toBe(shown);
      await deliver(client);
      expect((await session(subject.served)).tls?.serverName?.toLowerCase()).toBe(servername.toLowerCase());
      client.destroy();
    });

    test("PEM text will do as well as files, and a passphrase opens a key", async () => {
      const key = made.of("default").key.replace(".key", ".encrypted.key");
      await serve({ tls: { cert: made.pem("default"), key, passphrase: "open sesame" } });
      const client = await startTls(subject.served!.port);
      expect(shownName(client)).toBe("default");
      client.destroy();
    });

    test("newer ones are taken without an end to any session, and bad ones are not taken", async () => {
      const { port } = await serve();
      const living = await startTls(port);
      const idle = await RawClient.connect(port);
      await idle.replies(1);
      await subject.served!.reload(made.of("newer"));
      const fresh = await startTls(port);
      expect(shownName(fresh)).toBe("newer");
      await deliver(living);
      const mismatched = { cert: made.of("default").cert, key: made.of("newer").key };
      for (const bad of [mismatched, { cert: "/nowhere.pem", key: "/nowhere.key" }]) {
        await expect(subject.served!.reload(bad)).rejects.toThrow("Cannot");
      }
      idle.write("STARTTLS\r\n");
      await idle.replies(1);
      const late = await idle.startTls();
      expect(shownName(late)).toBe("newer");
      for (const client of [living, fresh, late]) client.destroy();
    });

    test.each([
      ["a file that is not there", () => ({ cert: "/nowhere.pem", key: "/nowhere.key" }), "there is no such file"],
      ["no PEM", () => ({ ...made.of("default"), cert: "/etc/hostname" }), "it holds no certificate"],
      ["no key", () => ({ ...made.of("default"), key: made.of("default").cert }), "it holds no private key"],
      ["another's key", () => ({ ...made.of("default"), key: made.of("exact").key }), "does not belong"],
      [
        "a torn certificate",
        () => ({ ...made.of("default"), cert: made.pem("default").replace(/\n.{20}/, "\n") }),
        "cannot be read",
      ],
      [
        "the wrong passphrase",
        () => ({
          cert: made.of("default").cert,
          key: made.of("default").key.replace(".key", ".encrypted.key"),
          passphrase: "wrong secret",
        }),
        "the passphrase does not open the key",
      ],
    ])("a server does not start with %s", async (_, tls, message) => {
      const failure = await serve({ tls: tls() }).catch((error: Error) => error.message);
      subject.served = undefined;
      expect(failure).toContain(message);
      expect(failure).not.toContain("secret");
    });
  });

  describe("client certificates", () => {
    async function sessionWith(options: object, requestCert = true): Promise<Session> {
      const tls = { ...made.of("default"), requestCert, ca: [made.pem("ca")] };
      const client = await startTls((await serve({ tls })).port, options);
      await deliver(client);
      client.destroy();
      return await session(subject.served!);
    }
    const shown = (name: string) => ({ cert: made.pem(name), key: made.key(name) });

    test.each([
      ["client", true],
      ["stranger", false],
      ["expired", false],
      ["no-client", false],
    ])("%s is verified: %p", async (client, verified) => {
      const { tls } = await sessionWith(shown(client));
      expect(tls?.peerCertificate).toEqual({
        subject: client === "client" ? "CN=client,O=Example\\, Inc,C=DE" : "CN=client",
        altNames: ["email:a@client.test", "DNS:client.test"],
        fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
        verified,
      });
    });

    test("one name cannot pose as two", async () => {
      const { tls } = await sessionWith(shown("tricky"));
      expect(tls?.peerCertificate).toMatchObject({ altNames: ["email:a@b, DNS:evil.test"], verified: true });
    });

    test("none is needed, and none is asked for without requestCert", async () => {
      expect((await sessionWith({})).tls).not.toHaveProperty("peerCertificate");
      expect((await sessionWith(shown("client"), false)).tls).not.toHaveProperty("peerCertificate");
    });

    test("without authorities nobody is verified", async () => {
      const { port } = await serve({ tls: { ...made.of("default"), requestCert: true } });
      const client = await startTls(port, shown("client"));
      await deliver(client);
      client.destroy();
      expect((await session(subject.served!)).tls?.peerCertificate).toMatchObject({ verified: false });
    });

    test("a certificate without its key is worth nothing", async () => {
      const { port } = await serve({ tls: { ...made.of("default"), requestCert: true, ca: made.of("ca").cert } });
      const { cert, key } = made.of("thief");
      for (const version of ["-tls1_2", "-tls1_3"]) {
        const at = ["-connect", `127.0.0.1:${port}`, "-starttls", "smtp", version, "-cert", cert, "-key", key];
        expect(await openssl([...at, "-quiet"], [[/(?:)/, "EHLO thief.test\r\n"]])).not.toContain("250-mx.test");
      }
      await gone(subject.served!);
    });
  });
}
