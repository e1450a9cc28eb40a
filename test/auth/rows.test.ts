/** Part F of the conformance table: what AUTH answers. */

import { afterEach, describe, expect, test } from "bun:test";
import { basicAuth } from "hono/basic-auth";
import { cramMd5, external, password, Postern, reply, scram, scramCredentials } from "../../src/mod.ts";
import { createHmac } from "node:crypto";
import type { ServeOptions } from "../../src/options.ts";
import { answer } from "../sasl/scram-client.ts";
import { base64, challengeOf, type Circumstances, type Client, type MemoryServer, serve, tls } from "./wire.ts";

const credentials = {
  "SHA-256": await scramCredentials("wonderland", { hash: "SHA-256", iterations: 10_000 }),
  "SHA-1": await scramCredentials("wonderland", { hash: "SHA-1", iterations: 10_000 }),
};
const good = base64("\0alice\0wonderland");
const bad = base64("\0alice\0looking-glass");

function app(): Postern {
  const app = new Postern();
  app.auth(password((user, secret) => user === "alice" && secret === "wonderland"));
  app.auth(scram((user) => user === "alice" ? credentials["SHA-256"] : undefined));
  app.auth(scram((user) => user === "alice" ? credentials["SHA-1"] : undefined, { hash: "SHA-1" }));
  app.auth(cramMd5((user) => user === "alice" ? "wonderland" : undefined));
  app.auth(external((certificate) => certificate.subject === "CN=alice" ? "alice" : undefined));
  app.auth(
    ["OAUTHBEARER", "XOAUTH2"],
    (c) => c.body(null, c.req.header("authorization") === "Bearer t0ken" ? 204 : 401),
  );
  app.deliver("*", (c) => c.body(null, 204));
  return app;
}

const servers: MemoryServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close({ grace: 0 })));
});

async function started(given: Postern = app(), options: ServeOptions = {}): Promise<MemoryServer> {
  const server = await serve(given, options);
  servers.push(server);
  return server;
}

async function connected(
  given: Postern = app(),
  options: ServeOptions = {},
  circumstances: Circumstances = {},
): Promise<Client> {
  return (await started(given, options)).connect(circumstances);
}

/** The code, and the enhanced code where there is one. */
function codes(text: string): string {
  return /^\d{3}(?: \d\.\d+\.\d+)?/.exec(text)?.[0] ?? text;
}

const secure = { allowInsecureAuth: false };

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
      "-PLUS where there is something to bind to",
      { tls, channelBinding: (type) => type === "tls-server-end-point" ? new Uint8Array(32) : undefined },
      secure,
      "AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 OAUTHBEARER XOAUTH2 PLAIN LOGIN CRAM-MD5",
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

describe("part F", () => {
  test("row 106: in clear AUTH is 538 5.7.11 whatever is asked", async () => {
    for (const command of [`AUTH PLAIN ${good}`, "AUTH LOGIN", "AUTH", "AUTH FOO"]) {
      const client = await connected(app(), secure);
      expect(codes(await client.ask(command))).toBe("538 5.7.11");
      expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
    }
  });

  test("row 107: an initial response of = is empty, and there is no prompt", async () => {
    expect(codes(await (await connected()).ask("AUTH PLAIN ="))).toBe("501 5.5.2");
    expect(codes(await (await connected()).ask("AUTH LOGIN ="))).toBe("535 5.7.8");
  });

  test("row 108: without an initial response there is a prompt with its space", async () => {
    const client = await connected();
    expect(await client.ask("AUTH PLAIN")).toBe("334 ");
    expect(client.transcript.endsWith("\r\n334 \r\n")).toBe(true);
    expect(codes(await client.ask(good))).toBe("235 2.7.0");
  });

  test("row 108: LOGIN asks for both, and takes the name as an initial response", async () => {
    const client = await connected();
    expect(await client.ask("AUTH LOGIN")).toBe("334 VXNlcm5hbWU6");
    expect(await client.ask(base64("alice"))).toBe("334 UGFzc3dvcmQ6");
    expect(codes(await client.ask(base64("wonderland")))).toBe("235 2.7.0");
    const other = await connected();
    expect(await other.ask(`AUTH LOGIN ${base64("alice")}`)).toBe("334 UGFzc3dvcmQ6");
    expect(codes(await other.ask(base64("wonderland")))).toBe("235 2.7.0");
  });

  test("row 109: * cancels, and the next command is a command", async () => {
    const client = await connected();
    await client.ask("AUTH PLAIN");
    expect(codes(await client.ask("*"))).toBe("501 5.7.0");
    expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
    expect(codes(await client.ask(`AUTH PLAIN ${good}`))).toBe("235 2.7.0");
  });

  const badBase64 = ["!!!!", "AGFs=aWNl", "AGFsaWNl=", "AGF", " AGFs", "AGFs aWNl", "AGFs\taWNl", "=AGF", "ÄGFs", "A"];
  test.each(badBase64)("row 110: %p as an initial response is no base64", async (text) => {
    const client = await connected();
    const expected = text.includes("\t") ? "500 5.5.2" : "501 5.5.2";
    expect(codes(await client.ask(`AUTH PLAIN ${text}`))).toBe(expected);
    expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
  });
  test.each([...badBase64, "=", "AGFs "])("row 110: %p as a response is no base64", async (text) => {
    const client = await connected();
    await client.ask("AUTH PLAIN");
    expect(codes(await client.ask(text))).toBe("501 5.5.2");
    expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
  });

  const arguments_: readonly [string, string][] = [
    ["AUTH", "501 5.5.4"],
    ["AUTH ", "501 5.5.4"],
    ["AUTH FOO", "504 5.5.4"],
    ["AUTH constructor", "504 5.5.4"],
    ["AUTH SCRAM-SHA-256-PLUS", "504 5.5.4"],
    ["AUTH PL@IN", "501 5.5.4"],
    ["AUTH ABCDEFGHIJKLMNOPQRSTU", "501 5.5.4"],
    [`auth plain ${good}`, "235 2.7.0"],
    [`AUTH pLaIn ${good}`, "235 2.7.0"],
    ["AUTH Login", "334"],
  ];
  test.each(arguments_)("row 111: %p is %p", async (command, expected) => {
    expect(codes(await (await connected()).ask(command))).toBe(expected);
  });

  test("row 112: a second AUTH after success", async () => {
    const client = await connected();
    await client.ask(`AUTH PLAIN ${good}`);
    expect(codes(await client.ask(`AUTH PLAIN ${good}`))).toBe("503 5.5.1");
  });

  test("row 10: a second EHLO keeps the user", async () => {
    const server = await started();
    const client = await server.connect();
    await client.ask(`AUTH PLAIN ${good}`);
    await client.ask("EHLO client.test");
    expect(server.sessions[0]?.user).toBe("alice");
    expect(server.sessions[0]?.protocol).toBe("ESMTPA");
    expect(codes(await client.ask(`AUTH PLAIN ${good}`))).toBe("503 5.5.1");
  });

  test("row 113: AUTH in a transaction, and the transaction goes on", async () => {
    const client = await connected();
    await client.ask("MAIL FROM:<a@x.test>");
    expect(codes(await client.ask(`AUTH PLAIN ${good}`))).toBe("503 5.5.1");
    expect(codes(await client.ask("RCPT TO:<b@y.test>"))).toBe("250 2.1.5");
  });

  test("AUTH before EHLO", async () => {
    const client = await (await started()).connect({}, "none");
    expect(codes(await client.ask(`AUTH PLAIN ${good}`))).toBe("503 5.5.1");
  });

  describe("row 114", () => {
    // Three fields, of which the last makes the base64 exactly as long as wanted.
    const plainOf = (octets: number) => base64(`\0alice\0${"p".repeat(octets / 4 * 3 - 7)}`);
    const longest = plainOf(12_288);
    const tooLong = `${longest}A`;

    test("a response of 12 288 octets is taken", async () => {
      expect(longest.length).toBe(12_288);
      let seen = 0;
      const given = new Postern().auth(password((_, secret) => (seen = secret.length) > 0));
      const client = await connected(given);
      await client.ask("AUTH PLAIN");
      expect(codes(await client.ask(longest))).toBe("235 2.7.0");
      const other = await connected(given);
      expect(codes(await other.ask(`AUTH PLAIN ${longest}`))).toBe("235 2.7.0");
      expect(seen).toBe(12_288 / 4 * 3 - 7);
    });

    test("one of 12 289 is 500 5.5.6, and the next command is a command", async () => {
      for (const text of [tooLong, "A".repeat(70_000)]) {
        const client = await connected();
        await client.ask("AUTH PLAIN");
        expect(codes(await client.ask(text))).toBe("500 5.5.6");
        expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
        const other = await connected();
        expect(codes(await other.ask(`AUTH PLAIN ${text}`))).toBe("500 5.5.6");
        expect(codes(await other.ask("NOOP"))).toBe("250 2.0.0");
      }
    });

    test("one that comes in pieces is as long as the sum of them", async () => {
      const client = await connected();
      await client.ask("AUTH PLAIN");
      for (let at = 0; at < 80_000; at += 8_000) {
        client.send("A".repeat(8_000));
        await Bun.sleep(0);
      }
      expect(codes(await client.ask(""))).toBe("500 5.5.6");
      expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
    });

    test("other commands are no longer than before", async () => {
      const client = await connected();
      expect(codes(await client.ask(`NOOP ${"x".repeat(506)}`))).toBe("500 5.5.2");
      expect(codes(await client.ask(`NOOP ${"x".repeat(50_000)}`))).toBe("500 5.5.2");
    });
  });

  test("row 115: CRAM-MD5 has no initial response", async () => {
    expect(codes(await (await connected()).ask(`AUTH CRAM-MD5 ${base64("alice")}`))).toBe("501 5.7.0");
  });

  const messages: readonly [string, string][] = [
    ["\0alice\0wonderland", "235 2.7.0"],
    ["alice\0alice\0wonderland", "235 2.7.0"],
    ["admin\0alice\0wonderland", "535 5.7.8"],
    ["\0alice\0looking-glass", "535 5.7.8"],
    ["alice\0wonderland", "501 5.5.2"],
    ["alice wonderland", "501 5.5.2"],
    ["\0alice\0wonder\0land", "501 5.5.2"],
    ["\0\0wonderland", "535 5.7.8"],
    ["\0alice\0", "535 5.7.8"],
    ["\0alice\r\nMAIL FROM:<a@x.test>\0wonderland", "535 5.7.8"],
    ["\0alice\nsmtp-user: root\0wonderland", "535 5.7.8"],
    ["\0alice\0wonder\r\nland", "535 5.7.8"],
  ];
  test.each(messages)("row 116: PLAIN %p is %p, and one reply", async (message, expected) => {
    const client = await connected();
    expect(codes(await client.ask(`AUTH PLAIN ${base64(message)}`))).toBe(expected);
    expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
  });

  test("row 117: three failures are told so, the fourth ends the session", async () => {
    const client = await connected();
    for (let failure = 1; failure <= 3; failure++) {
      expect(codes(await client.ask(`AUTH PLAIN ${bad}`))).toBe("535 5.7.8");
    }
    expect(codes(await client.ask(`AUTH PLAIN ${bad}`))).toBe("421 4.7.0");
    expect(await client.reply()).toBe("closed");
  });

  test("row 118: who has to log in first is told 530 5.7.0", async () => {
    const given = app();
    given.mail((c, next) => c.var.user === undefined ? Promise.resolve(c.body(null, 401)) : next());
    const client = await connected(given);
    expect(await client.ask("MAIL FROM:<a@x.test>")).toBe("530 5.7.0 Authentication required");
    await client.ask(`AUTH PLAIN ${good}`);
    expect(codes(await client.ask("MAIL FROM:<a@x.test>"))).toBe("250 2.1.0");
  });

  describe("row 119", () => {
    const exporter = new TextEncoder().encode("exported by this very TLS sess..");
    const bound: Circumstances = { tls, channelBinding: (type) => type === "tls-exporter" ? exporter : undefined };

    interface Attempt {
      readonly mechanism: string;
      readonly gs2Header?: string;
      readonly bindingData?: Uint8Array;
      readonly password?: string;
      readonly user?: string;
      readonly nonce?: string;
    }

    async function attempt(client: Client, how: Attempt): Promise<string> {
      const { mechanism, gs2Header = "n,,", user = "alice", password = "wonderland" } = how;
      const firstBare = `n=${user},r=fyko+d2lbbFgONRv9qkxdawL`;
      const first = await client.ask(`AUTH ${mechanism} ${base64(gs2Header + firstBare)}`);
      if (!first.startsWith("334 ")) return codes(first);
      const hash = mechanism.includes("256") ? "sha256" : "sha1";
      const { final, verifier } = answer({
        hash,
        password,
        gs2Header,
        firstBare,
        ...(how.bindingData === undefined ? {} : { bindingData: how.bindingData }),
        ...(how.nonce === undefined ? {} : { nonce: how.nonce }),
      }, challengeOf(first));
      const last = await client.ask(base64(final));
      if (!last.startsWith("334 ")) return codes(last);
      expect(challengeOf(last)).toBe(verifier);
      return codes(await client.ask(""));
    }

    const table: readonly [string, Attempt, string][] = [
      ["SCRAM-SHA-256", { mechanism: "SCRAM-SHA-256" }, "235 2.7.0"],
      ["SCRAM-SHA-1", { mechanism: "SCRAM-SHA-1" }, "235 2.7.0"],
      ["a wrong password", { mechanism: "SCRAM-SHA-256", password: "looking-glass" }, "535 5.7.8"],
      ["nobody", { mechanism: "SCRAM-SHA-256", user: "nobody" }, "535 5.7.8"],
      ["a tampered nonce", { mechanism: "SCRAM-SHA-256", nonce: "somebody+else" }, "535 5.7.8"],
      [
        "SCRAM-SHA-256-PLUS",
        { mechanism: "SCRAM-SHA-256-PLUS", gs2Header: "p=tls-exporter,,", bindingData: exporter },
        "235 2.7.0",
      ],
      [
        "SCRAM-SHA-1-PLUS",
        { mechanism: "SCRAM-SHA-1-PLUS", gs2Header: "p=tls-exporter,,", bindingData: exporter },
        "235 2.7.0",
      ],
      [
        "the binding of another connection",
        { mechanism: "SCRAM-SHA-256-PLUS", gs2Header: "p=tls-exporter,,", bindingData: new Uint8Array(32) },
        "535 5.7.8",
      ],
      [
        "a binding there is none of",
        { mechanism: "SCRAM-SHA-256-PLUS", gs2Header: "p=tls-server-end-point,,", bindingData: exporter },
        "535 5.7.8",
      ],
      ["a client made to believe there is no -PLUS", { mechanism: "SCRAM-SHA-256", gs2Header: "y,," }, "535 5.7.8"],
    ];
    test.each(table)("%s", async (_, how, expected) => {
      const client = await connected(app(), secure, bound);
      expect(await attempt(client, how)).toBe(expected);
    });

    test("a user who does not exist is shown a challenge like everybody", async () => {
      const client = await connected();
      const first = challengeOf(await client.ask(`AUTH SCRAM-SHA-256 ${base64("n,,n=nobody,r=abc")}`));
      expect(first).toMatch(/^r=abc.+,s=[A-Za-z0-9+/]{22}==,i=600000$/);
    });

    test("a long nonce comes back in one line", async () => {
      const client = await connected();
      const nonce = "n".repeat(2_000);
      expect(challengeOf(await client.ask(`AUTH SCRAM-SHA-256 ${base64(`n,,n=alice,r=${nonce}`)}`))).toStartWith(
        `r=${nonce}`,
      );
    });
  });

  test("row 120: a bad token is told what is wrong with it, and then 535", async () => {
    const challenge = { OAUTHBEARER: "invalid_token", XOAUTH2: "401" };
    const message = {
      OAUTHBEARER: "n,a=alice,\x01auth=Bearer stale\x01\x01",
      XOAUTH2: "user=alice\x01auth=Bearer stale\x01\x01",
    };
    for (const mechanism of ["OAUTHBEARER", "XOAUTH2"] as const) {
      for (const dummy of ["AQ==", "", "*"]) {
        const client = await connected();
        const error = challengeOf(await client.ask(`AUTH ${mechanism} ${base64(message[mechanism])}`));
        expect(JSON.parse(error).status).toBe(challenge[mechanism]);
        expect(codes(await client.ask(dummy))).toBe("535 5.7.8");
        expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
      }
      const client = await connected();
      const good = base64(message[mechanism].replace("stale", "t0ken"));
      expect(codes(await client.ask(`AUTH ${mechanism} ${good}`))).toBe("235 2.7.0");
    }
  });

  test("row 121: EXTERNAL without a verified certificate is not there", async () => {
    expect(codes(await (await connected()).ask("AUTH EXTERNAL ="))).toBe("504 5.5.4");
  });

  test("row 121: EXTERNAL with one is whoever the application says", async () => {
    const certificate = { subject: "CN=alice", altNames: [], fingerprint: "00", verified: true };
    for (const [subject, expected] of [["CN=alice", "235 2.7.0"], ["CN=bob", "535 5.7.8"]] as const) {
      const client = await connected(app(), secure, { tls: { ...tls, peerCertificate: { ...certificate, subject } } });
      expect(codes(await client.ask("AUTH EXTERNAL ="))).toBe(expected);
    }
  });

  test("row 122: what follows AUTH in one packet is not carried out", async () => {
    for (
      const lines of [[`AUTH PLAIN ${good}`, "MAIL FROM:<a@x.test>"], ["AUTH LOGIN", base64("alice"), "wonderland"]]
    ) {
      const server = await started();
      const client = await server.connect();
      const [session] = server.sessions;
      expect(codes(await client.ask(...lines))).toBe("554 5.5.0");
      expect(await client.reply()).toBe("closed");
      expect(session?.user).toBeUndefined();
    }
    const client = await connected();
    await client.ask("AUTH PLAIN");
    expect(codes(await client.ask(good, "MAIL FROM:<a@x.test>"))).toBe("554 5.5.0");
  });

  test("row 122: a lenient server knows the result before it reads on", async () => {
    const client = await connected(app(), { pipelining: "lenient" });
    expect(codes(await client.ask(`AUTH PLAIN ${bad}`, `AUTH PLAIN ${good}`, "NOOP"))).toBe("535 5.7.8");
    expect(codes(await client.reply())).toBe("235 2.7.0");
    expect(codes(await client.reply())).toBe("250 2.0.0");
  });

  describe("row 123: always one reply", () => {
    // Handlers as they should not be.
    // deno-lint-ignore no-explicit-any
    const handlers: readonly [string, any, string][] = [
      ["throws", () => {
        throw new Error("the database is down");
      }, "454 4.7.0"],
      ["rejects", () => Promise.reject(new Error("the database is down")), "454 4.7.0"],
      ["hangs", () => new Promise(() => {}), "454 4.7.0"],
      ["returns false", () => false, "454 4.7.0"],
      ["returns nothing", () => undefined, "454 4.7.0"],
      ["answers 500", () => new Response(null, { status: 500 }), "454 4.7.0"],
      ["answers 503", () => new Response(null, { status: 503 }), "454 4.7.0"],
      ["answers 302", () => new Response(null, { status: 302 }), "454 4.7.0"],
      ["answers 429", () => new Response(null, { status: 429 }), "454 4.7.0"],
      ["answers 401", () => new Response(null, { status: 401 }), "535 5.7.8"],
      ["answers 403", () => new Response(null, { status: 403 }), "535 5.7.8"],
      ["answers 404", () => new Response(null, { status: 404 }), "535 5.7.8"],
      ["answers 334", () => reply(334, "", "eA=="), "454 4.7.0"],
      ["answers 534", () => reply(534, "5.7.9", "Too weak"), "534 5.7.9"],
      ["answers 200", () => new Response(), "235 2.7.0"],
      ["answers 250", () => reply(250, "2.0.0", "Welcome"), "235 2.7.0"],
      ["says false by password()", password(() => false), "535 5.7.8"],
      [
        "throws by password()",
        password(() => {
          throw new Error("down");
        }),
        "454 4.7.0",
      ],
      ["is truthy by password()", password((() => "yes") as never), "535 5.7.8"],
    ];
    test.each(handlers)("a handler that %s", async (_, handler, expected) => {
      const client = await connected(new Postern().auth(["PLAIN", "LOGIN"], handler), { timeouts: { handler: 50 } });
      expect(codes(await client.ask(`AUTH PLAIN ${good}`))).toBe(expected);
      expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
    });

    const lookups: readonly [string, Postern, string][] = [
      [
        "throws",
        new Postern().auth(cramMd5(() => {
          throw new Error("down");
        })),
        "454 4.7.0",
      ],
      ["hangs", new Postern().auth(cramMd5(() => new Promise(() => {}))), "454 4.7.0"],
      ["knows nobody", new Postern().auth(cramMd5(() => undefined)), "535 5.7.8"],
      ["knows an empty password", new Postern().auth(cramMd5(() => "")), "535 5.7.8"],
      ["accepts without a proof", new Postern().auth("CRAM-MD5", (c) => c.body(null, 204)), "454 4.7.0"],
      [
        "does not care about the proof",
        new Postern().auth("CRAM-MD5", async (c) => {
          if (c.var.credentials.type === "cram-md5") await c.var.credentials.prove("looking-glass");
          return c.body(null, 204);
        }),
        "535 5.7.8",
      ],
    ];
    test.each(lookups)("a lookup that %s", async (_, given, expected) => {
      const client = await connected(given, { timeouts: { handler: 50 } });
      const challenge = challengeOf(await client.ask("AUTH CRAM-MD5"));
      const digest = createHmac("md5", "wonderland").update(challenge).digest("hex");
      expect(codes(await client.ask(base64(`alice ${digest}`)))).toBe(expected);
      expect(codes(await client.ask("NOOP"))).toBe("250 2.0.0");
    });

    test("a lookup that throws in the middle of SCRAM", async () => {
      const given = new Postern().auth(scram(() => "not what was stored"));
      const client = await connected(given);
      expect(codes(await client.ask(`AUTH SCRAM-SHA-256 ${base64("n,,n=alice,r=abc")}`))).toBe("454 4.7.0");
    });

    test("a client slow to answer a challenge does not use up its handler's time", async () => {
      const client = await connected(app(), { timeouts: { handler: 60 } });
      const challenge = await client.ask(`AUTH SCRAM-SHA-256 ${base64("n,,n=alice,r=abc")}`);
      await Bun.sleep(200);
      const { final } = answer(
        { hash: "sha256", password: "wonderland", gs2Header: "n,,", firstBare: "n=alice,r=abc" },
        challengeOf(challenge),
      );
      await client.ask(base64(final));
      expect(codes(await client.ask(""))).toBe("235 2.7.0");
    });

    test("a client that never answers has its time, and no more", async () => {
      const client = await connected(app(), { timeouts: { command: 50 } });
      expect(await client.ask("AUTH LOGIN")).toBe("334 VXNlcm5hbWU6");
      expect(codes(await client.reply())).toBe("421 4.4.2");
      expect(await client.reply()).toBe("closed");
    });
  });

  test("CRAM-MD5 proves the password", async () => {
    const client = await connected();
    const challenge = challengeOf(await client.ask("AUTH CRAM-MD5"));
    expect(challenge).toMatch(/^<[^@]+@mx\.test>$/);
    const digest = createHmac("md5", "wonderland").update(challenge).digest("hex");
    expect(codes(await client.ask(base64(`alice ${digest}`)))).toBe("235 2.7.0");
  });

  test("a server that stops ends an exchange with 421, once", async () => {
    const server = await started();
    const client = await server.connect();
    await client.ask("AUTH LOGIN");
    const stopped = server.close();
    expect(codes(await client.reply())).toBe("421 4.3.2");
    expect(await client.reply()).toBe("closed");
    await stopped;
    expect(client.transcript.match(/^421/gm)).toHaveLength(1);
  });
});
