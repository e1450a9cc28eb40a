/** What extensions' parameters become on the envelope, and how they are switched. */

import { describe, expect, test } from "bun:test";
import { type Envelope, type ExtensionSwitches, Postern, type Recipient, type Session } from "postern";
import { TestClient } from "postern/testing";

const everything: ExtensionSwitches = {
  dsn: true,
  requireTls: true,
  deliverBy: true,
  futureRelease: true,
  mtPriority: true,
  rrvs: true,
  noSoliciting: true,
};

/** A submission over TLS: what the sessions' own branches establish is put there by hand. */
function submission(): Postern {
  return new Postern().connect((c) => {
    Object.assign(c.var.session as { -readonly [K in keyof Session]: Session[K] }, {
      user: "alice",
      tls: { protocol: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" },
    });
    return c.body(null, 204);
  });
}

interface Facts {
  reply: string;
  envelope: Envelope | undefined;
  recipient: Recipient | undefined;
  headers: Headers | undefined;
}

/** What the handlers of MAIL and RCPT see; the reply is that to the last command. */
async function facts(mail: string, rcpt = "", extensions: ExtensionSwitches = everything): Promise<Facts> {
  const app = submission();
  const facts: Facts = { reply: "", envelope: undefined, recipient: undefined, headers: undefined };
  app.mail("*", (c) => {
    facts.envelope = c.var.envelope;
    return c.body(null, 204);
  });
  app.rcpt("*", (c) => {
    facts.recipient = c.var.recipient;
    facts.headers = c.req.raw.headers;
    return c.body(null, 204);
  });
  app.data((c) => c.body(null, 204));
  const client = new TestClient(app, { extensions });
  await client.reply();
  await client.command("EHLO c.test");
  let reply = await client.command(`MAIL FROM:<a@x.test> ${mail}`);
  if (reply.code === 250) reply = await client.command(`RCPT TO:<b@y.test> ${rcpt}`);
  await client.close();
  return { ...facts, reply: reply.raw };
}

const envelopes: [parameters: string, facts: Partial<Envelope>][] = [
  ["RET=HDRS ENVID=QQ+20314159", { dsn: { ret: "HDRS", envid: "QQ 314159" } }],
  ["ENVID=x", { dsn: { envid: "x" } }],
  ["REQUIRETLS", { requireTls: true }],
  ["BY=120;R", { deliverBy: { seconds: 120, mode: "R", trace: false } }],
  ["BY=+120;nt", { deliverBy: { seconds: 120, mode: "N", trace: true } }],
  ["BY=-5;N", { deliverBy: { seconds: -5, mode: "N", trace: false } }],
  ["MT-PRIORITY=-6", { priority: -6 }],
  ["SOLICIT=net.example:ADV,org.example:ADV:ADLT", { solicitations: ["net.example:ADV", "org.example:ADV:ADLT"] }],
  ["BODY=BINARYMIME SIZE=7", { body: "BINARYMIME", size: 7 }],
];
for (const [parameters, wanted] of envelopes) {
  test(`MAIL with ${parameters}`, async () => {
    const { envelope, headers } = await facts(parameters);
    expect(envelope).toMatchObject(wanted);
    expect(decodeURIComponent(headers?.get("smtp-mail-parameters") ?? "")).toBe(parameters);
  });
}

const recipients: [parameters: string, facts: Partial<Recipient>][] = [
  ["NOTIFY=NEVER", { dsn: { notify: "NEVER" } }],
  ["NOTIFY=DELAY,success,DELAY", { dsn: { notify: ["DELAY", "SUCCESS"] } }],
  ["ORCPT=RFC822;Bob+2Bnews@y.test", { dsn: { originalRecipient: { type: "rfc822", address: "Bob+news@y.test" } } }],
  ["ORCPT=utf-8;b\\x{FC}+c@y.test", {}],
  [
    "ORCPT=utf-8;b\\x{FC}c@y.test NOTIFY=FAILURE",
    { dsn: { originalRecipient: { type: "utf-8", address: "büc@y.test" }, notify: ["FAILURE"] } },
  ],
  ["RRVS=2014-04-03T23:01:00Z", { validSince: { since: new Date("2014-04-03T23:01:00Z"), unsupported: "reject" } }],
  [
    "RRVS=1997-11-24T14:22:01-08:00;C",
    { validSince: { since: new Date("1997-11-24T22:22:01Z"), unsupported: "continue" } },
  ],
];
for (const [parameters, wanted] of recipients) {
  test(`RCPT with ${parameters}`, async () => {
    const { reply, recipient, headers } = await facts("", parameters);
    if (Object.keys(wanted).length === 0) return expect(reply).toStartWith("501 5.5.4");
    expect(recipient).toMatchObject(wanted);
    expect(decodeURIComponent(headers?.get("smtp-rcpt-parameters") ?? "")).toBe(parameters);
    expect(headers?.has("smtp-mail-parameters")).toBe(false);
  });
}

test("an original recipient beyond ASCII stands for itself where SMTPUTF8 was declared (RFC 6533)", async () => {
  const { recipient, headers } = await facts("SMTPUTF8", "ORCPT=utf-8;bücher@y.test");
  expect(recipient?.dsn).toEqual({ originalRecipient: { type: "utf-8", address: "bücher@y.test" } });
  expect(headers?.get("smtp-rcpt-parameters")).toBe("ORCPT=utf-8;b%C3%BCcher@y.test");
});

describe("54 FUTURERELEASE", () => {
  test("HOLDFOR and HOLDUNTIL become a moment", async () => {
    const before = Date.now();
    const held = (await facts("HOLDFOR=60")).envelope?.holdUntil?.getTime() ?? 0;
    expect(held).toBeGreaterThanOrEqual(before + 60_000);
    expect(held).toBeLessThanOrEqual(Date.now() + 60_000);
    const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);
    const text = until.toISOString().replace(".000", "");
    expect((await facts(`HOLDUNTIL=${text}`)).envelope?.holdUntil).toEqual(until);
  });

  const bad = [
    "HOLDFOR=0",
    "HOLDFOR=-1",
    "HOLDFOR=012",
    "HOLDFOR=1234567890",
    "HOLDFOR=2592001",
    "HOLDFOR",
    "HOLDUNTIL=tomorrow",
    "HOLDUNTIL=2030-02-30T00:00:00Z",
    "HOLDUNTIL=2130-01-01T00:00:00Z",
    "HOLDUNTIL=2026-01-01T00:00:00+01:00",
    "HOLDFOR=60 HOLDUNTIL=2020-01-01T00:00:00Z",
  ];
  for (const parameters of bad) {
    test(`${parameters} is refused`, async () => {
      expect((await facts(parameters)).reply).toStartWith("501 5.5.4");
    });
  }

  test("EHLO tells how long", async () => {
    const client = new TestClient(submission(), { extensions: everything });
    await client.reply();
    const { lines } = await client.command("EHLO c.test");
    expect(lines.find((line) => line.startsWith("FUTURERELEASE"))).toMatch(
      /^FUTURERELEASE 2592000 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
    );
    for (const line of ["DSN", "REQUIRETLS", "DELIVERBY", "MT-PRIORITY", "RRVS", "NO-SOLICITING"]) {
      expect(lines).toContain(line);
    }
    expect((await client.command("MAIL FROM:<a@x.test> HOLDFOR=2592000")).code).toBe(250);
    await client.close();
  });
});

const refused = [
  "REQUIRETLS=yes",
  "SOLICIT=1x",
  "SOLICIT=a,,b",
  `SOLICIT=${"x".repeat(1001)}`,
  "SMTPUTF8=1",
  "BODY=8BıTMIME",
  "BODY=BINARYMIMEX",
  "AUTH=x",
];
for (const parameters of refused) {
  test(`MAIL with ${parameters.slice(0, 40)} is refused`, async () => {
    expect((await facts(parameters)).reply).toMatch(/^(?:501|555) 5\.5\.4/);
  });
}

for (const parameters of ["RRVS=2022-01-02", "RRVS=2022-01-02T01:01:01", "RRVS=2022-13-02T01:01:01Z;C", "RRVS=x;R"]) {
  test(`RCPT with ${parameters} is refused`, async () => {
    expect((await facts("", parameters)).reply).toStartWith("501 5.5.4");
  });
}

describe("20 the longest lines", () => {
  test("MAIL is as much longer as the parameters that are offered", async () => {
    // SIZE 26, AUTH 500, BODY 17 and 17, SMTPUTF8 10, PRDR 5: 1087 octets with CRLF.
    const line = "MAIL FROM:<a@x.test>";
    for (const [octets, code] of [[1087, 250], [1088, 500]] as const) {
      const app = new Postern();
      const client = new TestClient(app);
      await client.reply();
      await client.command("EHLO c.test");
      expect((await client.command(line + " ".repeat(octets - 2 - line.length))).code).toBe(code);
      await client.close();
    }
  });

  test("a long ENVID and a long ORCPT fit where DSN is offered, and not where it is not", async () => {
    const orcpt = `ORCPT=rfc822;${"x".repeat(480)}@y.test`;
    expect((await facts("", orcpt)).reply).toStartWith("250");
    expect((await facts("", orcpt, { dsn: false })).reply).toStartWith("500");
    expect((await facts("", `ORCPT=rfc822;${"x".repeat(500)}`)).reply).toStartWith("501");
    expect((await facts(`ENVID=${"x".repeat(100)} RET=FULL`)).reply).toStartWith("250");
  });
});

describe("switches", () => {
  test("a name that is no extension's is an error that names those there are", () => {
    const extensions = { chunkin: false } as ExtensionSwitches;
    expect(() => new TestClient(new Postern(), { extensions })).toThrow(
      /^Cannot switch the extension "chunkin": the extensions are pipelining, size, .*, noSoliciting$/,
    );
    const inherited = JSON.parse('{"__proto__":true}');
    expect(() => new TestClient(new Postern(), { extensions: inherited })).toThrow(TypeError);
    expect(() => new TestClient(new Postern(), { extensions: { dsn: "yes" } as never })).toThrow(
      'Cannot switch the extension "dsn" to yes: it is true or false',
    );
  });

  test("undefined leaves an extension as it is", async () => {
    const client = new TestClient(new Postern(), { extensions: { chunking: undefined, dsn: undefined } as never });
    await client.reply();
    const { lines } = await client.command("EHLO c.test");
    expect(lines).toContain("CHUNKING");
    expect(lines).not.toContain("DSN");
    await client.close();
  });

  test("a client that said HELO was offered nothing", async () => {
    const client = new TestClient(new Postern(), { extensions: everything });
    await client.reply();
    expect((await client.command("HELO c.test")).lines.length).toBe(1);
    expect((await client.command("MAIL FROM:<a@x.test> RET=FULL")).code).toBe(555);
    await client.close();
  });
});
