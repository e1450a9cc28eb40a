import { expect, test } from "bun:test";
import { Postern } from "postern";
import {
  authenticate,
  type AuthenticateOptions,
  type AuthenticateVariables,
  type AuthVerdict,
} from "postern/authenticate";
import { type Resolver, staticResolver, type StaticTable } from "postern/dns";
import { spf } from "postern/spf";
import { send, type SendResult } from "postern/testing";
import { asUser } from "../middleware/as-user.ts";
import { keys, rfc6376 } from "./examples.ts";

const zone: StaticTable = {
  ...keys,
  "example.com": { TXT: ["v=spf1 ip4:192.0.2.0/24 -all"] },
  "_dmarc.example.com": { TXT: ["v=DMARC1; p=reject"] },
  "_dmarc.lists.test": { TXT: ["v=DMARC1; p=quarantine"] },
  "_dmarc.down.test": "timeout",
  "1.2.0.192.in-addr.arpa": { PTR: ["mx.example.com"] },
  "mx.example.com": { A: ["192.0.2.1"] },
};

interface Seen {
  readonly result: SendResult;
  readonly auth: AuthVerdict | undefined;
  readonly fields: readonly string[];
  readonly text: string;
}

async function through(
  data: string,
  options: AuthenticateOptions = {},
  given: { from?: string; user?: string; remoteAddress?: string; before?: (app: Postern) => void } = {},
): Promise<Seen> {
  const app = new Postern<{ Variables: AuthenticateVariables }>();
  app.connect(asUser(given.user));
  given.before?.(app as unknown as Postern);
  app.use(authenticate({ resolver: staticResolver(zone), ...options }));
  const seen = { auth: undefined as AuthVerdict | undefined, fields: [] as string[], text: "" };
  app.deliver("*", async (c) => {
    seen.auth = c.var.auth;
    seen.fields = c.var.mail.headers.getAll("authentication-results");
    seen.text = await c.var.mail.text();
    return c.body(null, 204);
  });
  const mail = { from: given.from ?? "joe@example.com", to: "b@y.test", data };
  const result = await send(app, mail, { remoteAddress: given.remoteAddress ?? "192.0.2.1" });
  return { result, ...seen };
}

test("everything is verified, handed on and stamped in our name", async () => {
  const { result, auth, fields, text } = await through(rfc6376);
  expect(result.data?.code).toBe(250);
  expect(auth).toMatchObject({
    spf: { result: "pass" },
    dkim: [{ result: "pass", domain: "example.com", selector: "brisbane", identity: "joe@football.example.com" }],
    dmarc: { result: "pass", domain: "football.example.com", policy: "reject", aligned: ["spf", "dkim"] },
    arc: { result: "none" },
    iprev: { status: "pass", name: "mx.example.com" },
  });
  expect(fields).toHaveLength(1);
  expect(fields[0]!.replace(/\s+/g, " ")).toBe(
    "mx.test; spf=pass smtp.mailfrom=joe@example.com; dkim=pass header.d=example.com " +
      "header.i=joe@football.example.com header.s=brisbane header.a=rsa-sha256 header.b=AuUoFEfD; " +
      "dmarc=pass (p=reject dis=none) header.from=football.example.com; " +
      "iprev=pass (mx.example.com) policy.iprev=192.0.2.1",
  );
  expect(text).toStartWith("Return-Path: <joe@example.com>\r\nAuthentication-Results: mx.test;\r\n spf=pass");
});

test.each([
  ["forged", "Authentication-Results: mx.test; dkim=pass header.d=bank.test\n", true],
  ["in another case, folded, with a version", "authentication-results : \n MX.Test 1;\n dkim=pass\n", true],
  ["behind comments", "Authentication-Results: (a (b) c) (\\)) mx.test; dkim=pass\n", true],
  ["quoted", 'Authentication-Results: "mx.test"; dkim=pass\n', true],
  ["of a name that cannot be read", "Authentication-Results: ; dkim=pass\n", true],
  ["with a vertical tab behind the name", "Authentication-Results\x0b: mx.test; dkim=pass\n", true],
  ["with a fold before the colon", "Authentication-Results\n : mx.test; dkim=pass\n", true],
  ["with a NUL in the name", "Authentication-\0Results: mx.test; dkim=pass\n", true],
  ["before which there is a blank", " Authentication-Results: mx.test; dkim=pass\n", true],
  ["of somebody else, with a no-break space", "Authentication-Results\u00a0: mx.other.test; dkim=pass\n", false],
  ["with a final dot", "Authentication-Results: mx.test.; dkim=pass\n", true],
  ["of somebody else", "Authentication-Results: mx.other.test; dkim=pass\n", false],
  ["of a name that begins like ours", "Authentication-Results: mx.test.evil.example; dkim=pass\n", false],
  ["sealed by ARC", "ARC-Authentication-Results: i=1; mx.test; dkim=pass\n", false],
])("a field %s that came along: %s", async (_, field, isGone) => {
  const { result, text, fields } = await through(`${field}From: a@x.test\n\nbody\n`);
  expect(result.data?.code).toBe(250);
  expect(fields.at(0)).toStartWith("mx.test;");
  const whole = field.replace(/\n/g, "\r\n");
  expect(text.includes(whole)).toBe(!isGone);
  if (isGone) expect(fields).toHaveLength(1);
  expect(text).toEndWith("From: a@x.test\r\n\r\nbody\r\n");
});

test("results in a name of one's own choice", async () => {
  const forged = "Authentication-Results: example.net; dkim=pass\nFrom: a@x.test\n\nx\n";
  const { fields } = await through(forged, { name: "Example.net" });
  expect(fields).toHaveLength(1);
  expect(fields[0]).toStartWith("Example.net;");
});

test.each([{ name: "two words" }, { name: "" }, { name: "x;" }, { except: ["x"] }])(
  "the options %p are refused",
  (options) => {
    expect(() => authenticate(options)).toThrow(TypeError);
  },
);

const spoofed = "From: ceo@example.com\nSubject: pay\n\nx\n";

test.each<[string, string, string]>([
  ["the owner asks for it", spoofed, "550 5.7.1 Refused by the DMARC policy of example.com"],
  ["the DNS cannot tell", "From: a@down.test\n\nx\n", "451 4.7.0 DMARC of down.test could not be checked"],
  [
    "there are two From fields",
    "From: a@lists.test\nFrom: b@lists.test\n\nx\n",
    "550 5.7.1 Refused by DMARC: From names",
  ],
  ["no author can be named", "Subject: x\n\nx\n", "550 5.7.1 Refused by DMARC: From names no author"],
])("enforce refuses when %s, report does not", async (_, data, expected) => {
  const given = { from: "a@evil.test" };
  expect((await through(data, { dmarc: "enforce" }, given)).result.data?.raw).toStartWith(expected);
  expect((await through(data, {}, given)).result.data?.code).toBe(250);
});

const real = "From: a@lists.test\n";
const other = '"CEO" <ceo@example.com>';

test.each([
  ["a vertical tab behind the name", `From\x0b: ${other}\n${real}`],
  ["a form feed behind the name", `From\x0c: ${other}\n${real}`],
  ["a NUL in the name", `Fr\0om: ${other}\n${real}`],
  ["a no-break space behind the name", `From\u00a0: ${other}\n${real}`],
  ["a no-break space before the name", `${real}\u00a0From: ${other}\n`],
  ["a byte order mark before the name", `\ufeffFrom: ${other}\n${real}`],
  ["a fold before the colon", `From\n : ${other}\n${real}`],
  ["a fold before the colon, at the end", `${real}From\n\t: ${other}\n`],
  ["a blank before the first field", ` From: ${other}\n${real}`],
  ["a tab before the first field", `\tFrom: ${other}\n${real}`],
  ["no name", `: ${other}\n${real}`],
  ["no colon", `${real}no field\n`],
])("a header line with %s leaves nobody to say who the author is", async (_, header) => {
  const { result } = await through(`${header}\nx\n`, { dmarc: "enforce" });
  expect(result.data?.raw).toBe("550 5.7.1 Refused by DMARC: a line of the header is not a field");
  const { auth } = await through(`${header}\nx\n`);
  expect(auth?.dmarc).toMatchObject({ result: "permerror", aligned: [] });
});

test.each(["From : a@x.test\n", "FROM\t:\n a@x.test\n", "From: A\n\t<a@x.test>\nX_/=: \x01\n"])(
  "the fields %j are read as they are",
  async (header) => {
    const { auth } = await through(`${header}\nx\n`);
    expect(auth?.dmarc).toMatchObject({ result: "none", domain: "x.test" });
  },
);

test("quarantine is handed on, not refused", async () => {
  const { result, auth } = await through("From: a@lists.test\n\nx\n", { dmarc: "enforce" }, { from: "a@evil.test" });
  expect(result.data?.code).toBe(250);
  expect(auth?.dmarc).toMatchObject({ result: "fail", disposition: "quarantine" });
});

test("an override takes what DMARC would refuse", async () => {
  const options: AuthenticateOptions = { dmarc: "enforce", override: (auth) => auth.arc.result === "none" };
  expect((await through(spoofed, options, { from: "a@evil.test" })).result.data?.code).toBe(250);
});

test("a DNS that answers nothing defers what its policy could refuse, in its time", async () => {
  const silent: Resolver = {
    resolve: (_name, _type, options) =>
      new Promise((resolve) => {
        const fail = () => resolve({ status: "failure", reason: "timeout", detail: "" });
        if (options?.signal?.aborted) fail();
        else options?.signal?.addEventListener("abort", fail);
      }),
  };
  const options = { resolver: silent, timeout: 50 } as const;
  expect((await through(rfc6376, { ...options, dmarc: "enforce" })).result.data?.raw).toStartWith("451 4.7.0 ");
  const { auth } = await through(rfc6376, options);
  expect(auth).toMatchObject({
    spf: { result: "temperror" },
    dkim: [{ result: "temperror" }],
    dmarc: { result: "temperror" },
    iprev: { status: "temperror" },
  });
});

test("what authenticated clients send is not verified, but cleaned", async () => {
  const { result, auth, fields } = await through(
    `Authentication-Results: mx.test; dkim=pass\nAuthentication-Results: other.test; dkim=pass\n${spoofed}`,
    { dmarc: "enforce" },
    { user: "alice" },
  );
  expect(result.data?.code).toBe(250);
  expect(auth).toBeUndefined();
  expect(fields).toEqual(["other.test; dkim=pass"]);
});

test("what listed clients send is taken as it is", async () => {
  const { result, fields } = await through(
    `Authentication-Results: mx.test; dkim=pass\n${spoofed}`,
    { dmarc: "enforce", except: ["192.0.2.1"] },
  );
  expect(result.data?.code).toBe(250);
  expect(fields).toEqual(["mx.test; dkim=pass"]);
});

test("spf() before it is believed, and not asked again", async () => {
  const resolver = staticResolver({ ...zone, "example.com": "servfail" });
  const before = (app: Postern): void => void app.use(spf({ resolver }));
  const { auth, text } = await through(rfc6376, {}, { before });
  expect(auth?.spf.result).toBe("temperror");
  expect(text).toStartWith("Return-Path: <joe@example.com>\r\nAuthentication-Results: ");
  expect(text.indexOf("Received-SPF:")).toBeLessThan(text.indexOf("Received: "));
});

test.each([
  ["octets", `X: ${"x".repeat(900)}\n`.repeat(300)],
  ["fields", "X: x\n".repeat(1200)],
  ["lines", `X:\n${" x\n".repeat(9000)}`],
])("a header of too many %s is refused", async (_, header) => {
  expect((await through(`${header}From: a@x.test\n\nx\n`)).result.data?.raw).toStartWith("552 5.3.4 ");
});

test("words of strangers cannot break out of the field", async () => {
  const evil = 'DKIM-Signature: v=1; a=rsa-sha256; d=a"b(c\\;s=x\x01y; h=from; bh=x; b="(; i=@é\n';
  const { fields, text } = await through(`${evil}From: a@x.test\n\nx\n`, {}, { from: '"a;\\"b("@x.test' });
  expect(fields).toHaveLength(1);
  const bare = fields[0]!.replace(/\((?:[^()\\]|\\.)*\)/g, "()").replace(/"(?:[^"\\]|\\.)*"/g, "Q");
  expect(bare.replace(/\s+/g, " ")).toMatch(/^mx\.test(?:; [a-z]+=[a-z]+(?: \(\))?(?: [a-z]+\.[a-z]+=[\w.@-]*Q?)*)+$/);
  expect(text.slice(0, text.indexOf("Received:"))).toMatch(/^[ -~\r\n\t]+$/);
});
