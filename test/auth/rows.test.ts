/** Part F of the conformance table: what AUTH answers. */

import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { app, bad, codes, connected, good, secure, started } from "./alice.ts";
import { base64, challengeOf, tls } from "./wire.ts";

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
