/** Which mechanisms EHLO lists. */

import { describe, expect, test } from "bun:test";
import { basicAuth } from "hono/basic-auth";
import { app, codes, connected, good, secure, started } from "./alice.ts";
import { Postern, type ServeOptions } from "./postern.ts";
import { type Circumstances, tls } from "./wire.ts";

describe("what is offered", () => {
  async function offered(circumstances: Circumstances, options: ServeOptions = {}, given?: Postern): Promise<string> {
    const client = await connected(given, options, circumstances);
    const lines = (await client.ask("EHLO client.test")).split("\n");
    return lines.find((line) => /^250[ -]AUTH/.test(line))?.slice(4) ?? "nothing";
  }

  const certificate = { subject: "CN=alice", altNames: [], fingerprint: "00", verified: true };
  const table: readonly [string, Circumstances, ServeOptions, string][] = [
    ["nothing in clear", {}, secure, "nothing"],
    [
      "everything but EXTERNAL and -PLUS in clear where it is allowed",
      {},
      {},
      "AUTH SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 PLAIN LOGIN CRAM-MD5",
    ],
    [
      "the same under TLS",
      { tls },
      secure,
      "AUTH SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 PLAIN LOGIN CRAM-MD5",
    ],
    [
      "-PLUS where clients find what they bind to",
      { tls, channelBinding: (type) => type === "tls-exporter" ? new Uint8Array(32) : undefined },
      secure,
      "AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 PLAIN LOGIN CRAM-MD5",
    ],
    [
      "no -PLUS where there is only the certificate to bind to, which clients do not try",
      { tls, channelBinding: (type) => type === "tls-server-end-point" ? new Uint8Array(32) : undefined },
      secure,
      "AUTH SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 PLAIN LOGIN CRAM-MD5",
    ],
    [
      "no -PLUS where the runtime has nothing to bind to",
      { tls, channelBinding: () => undefined },
      secure,
      "AUTH SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 PLAIN LOGIN CRAM-MD5",
    ],
    [
      "EXTERNAL with a verified certificate",
      { tls: { ...tls, peerCertificate: certificate } },
      secure,
      "AUTH EXTERNAL SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 PLAIN LOGIN CRAM-MD5",
    ],
    [
      "no EXTERNAL with a certificate that nobody vouches for",
      { tls: { ...tls, peerCertificate: { ...certificate, verified: false } } },
      secure,
      "AUTH SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 PLAIN LOGIN CRAM-MD5",
    ],
  ];
  test.each(table)("%s", async (_, circumstances, options, expected) => {
    expect(await offered(circumstances, options)).toBe(expected);
  });

  test("PLAIN and LOGIN for a handler that does not say what it can check", async () => {
    const given = new Postern().auth(basicAuth({ username: "alice", password: "wonderland" }));
    expect(await offered({}, {}, given)).toBe("AUTH PLAIN LOGIN");
  });

  test("nothing without a route, and AUTH is as unknown as before", async () => {
    const given = new Postern();
    expect(await offered({}, {}, given)).toBe("nothing");
    expect(codes(await (await connected(given)).ask(`AUTH PLAIN ${good}`))).toBe("500 5.5.1");
  });

  test("nothing to a client that said HELO, and AUTH= is no parameter in clear", async () => {
    const client = await (await started()).connect({}, "HELO");
    expect(codes(await client.ask(`AUTH PLAIN ${good}`))).toBe("503 5.5.1");
    const inClear = await connected(app(), secure);
    expect(codes(await inClear.ask("MAIL FROM:<a@x.test> AUTH=<>"))).toBe("555 5.5.4");
  });
});
