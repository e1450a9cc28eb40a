import { expect, test } from "bun:test";
import type { StaticTable } from "../../src/dns/mod.ts";
import { keys, rfc6376 } from "./examples.ts";
import { signaturesOf } from "./message.ts";

const keyName = "brisbane._domainkey.example.com";
const key = (keys[keyName] as { TXT: string[] }).TXT[0]!;
const p = key.slice(key.indexOf("p="));

async function verdict(text: string, dns: StaticTable = keys): Promise<string> {
  const { dkim } = await signaturesOf(text, dns);
  return dkim.map(({ result, reason }) => reason === undefined ? result : `${result}: ${reason}`).join(", ");
}

test.each<[string, StaticTable[string], string]>([
  ["has no version", { TXT: [p] }, "pass"],
  ["names its hash, service and a note", { TXT: [`v=DKIM1; h=sha1:sha256; s=other:email; n=; ${p}`] }, "pass"],
  ["is in test mode", { TXT: [`v=DKIM1; t=y; ${p}`] }, "pass"],
  ["comes beside another text", { TXT: ["hello", key] }, "pass"],
  ["is for another hash", { TXT: [`v=DKIM1; h=sha1; ${p}`] }, "permerror: key is not for sha256"],
  ["is for another service", { TXT: [`v=DKIM1; s=tlsrpt; ${p}`] }, "permerror: key is not for mail"],
  ["is not for subdomains", { TXT: [`v=DKIM1; t=y:s; ${p}`] }, "permerror: key is not for subdomains"],
  ["has another version", { TXT: [`v=DKIM2; ${p}`] }, "permerror: unknown key version"],
  ["has its version elsewhere", { TXT: [`k=rsa; v=DKIM1; ${p}`] }, "permerror: unknown key version"],
  ["has a tag twice", { TXT: [`v=DKIM1; k=rsa; k=rsa; ${p}`] }, "permerror: key is not a list of tags"],
  ["is of another type", { TXT: [`v=DKIM1; k=ed25519; ${p}`] }, "permerror: unknown key type"],
  ["was taken back", { TXT: ["v=DKIM1; p="] }, "permerror: invalid public key"],
  ["is no key", { TXT: ["v=DKIM1; p=AAAA"] }, "permerror: unknown key type"],
  ["is not there", { A: ["192.0.2.1"] }, "permerror: no key"],
  ["cannot be looked up", "servfail", "temperror: key could not be looked up"],
  ["is not answered for", "timeout", "temperror: key could not be looked up"],
])("a key that %s", async (_, records, expected) => {
  expect(await verdict(rfc6376, { [keyName]: records })).toBe(expected);
});

test("a key under a name that does not exist is no key", async () => {
  expect(await verdict(rfc6376, {})).toBe("permerror: no key");
});

test.each([
  ["without a version", "v=1; ", "", "permerror: unknown version"],
  ["of another version", "v=1", "v=2", "permerror: unknown version"],
  ["without a selector", "s=brisbane; ", "", "permerror: no s="],
  ["with SHA-1", "rsa-sha256", "rsa-sha1", "permerror: algorithm not accepted"],
  ["with an unknown canonicalization", "simple/simple", "simple/strict", "permerror: unknown c="],
  ["with an unknown query method", "dns/txt", "http", "permerror: unknown q="],
  ["that leaves From out", "Received : From", "Received", "permerror: From not signed"],
  ["of somebody else's domain", "d=example.com", "d=bank.test", "permerror: domain mismatch"],
  [
    "of a parent that only looks like one",
    "i=joe@football.example.com",
    "i=joe@notexample.com",
    "permerror: domain mismatch",
  ],
  ["of what is no domain", "d=example.com", "d=example.com/x.evil.test", "permerror: d= is no domain"],
  ["of a domain with a blank", "d=example.com", "d=example.com x.evil.test", "permerror: d= is no domain"],
  ["for what is no domain", "i=joe@football.example.com", "i=joe@x/y.example.com", "permerror: i= is no address"],
  ["that is past its time", "c=simple", "t=1; x=1000; c=simple", "fail: expired"],
  ["that expires before it was made", "c=simple", "t=9; x=8; c=simple", "permerror: expires before it was made"],
  ["with a length that is none", "c=simple", "l=x; c=simple", "permerror: l= is no number"],
  ["with a tag twice", "c=simple", "q=dns/txt; c=simple", "permerror: not a list of tags"],
  ["with an expiry added", "c=simple", "x=99999999999; c=simple", "fail: bad signature"],
])("a signature %s is no pass", async (_, part, replacement, expected) => {
  expect(rfc6376).toContain(part);
  expect(await verdict(rfc6376.replace(part, replacement))).toBe(expected);
});

test("a copy of a signature with another identity is no signature", async () => {
  const signature = rfc6376.slice(0, rfc6376.indexOf("Received:"));
  const copy = signature.replace("i=joe@", "i=ceo@");
  expect(await verdict(rfc6376.replace(signature, signature + copy))).toBe("pass, fail: bad signature");
});

test("of many signatures ten are looked at, and the message is read once", async () => {
  const signature = rfc6376.slice(0, rfc6376.indexOf("Received:"));
  const many = Array.from({ length: 500 }, (_, at) => signature.replace("c=simple", `l=${at}; c=simple`)).join("");
  const { dkim } = await signaturesOf(many + rfc6376, keys);
  expect(dkim).toHaveLength(10);
});

test.each(["", "\n", "From: a@x.test\n", "From: a@x.test", "no header at all\n", ": \n\n", "\0\n\nx"])(
  "the message %p has no signature, and that is all",
  async (text) => {
    expect(await signaturesOf(text, keys)).toEqual({ dkim: [], arc: { result: "none", instances: 0 } });
  },
);

test("an ARC key that cannot be looked up makes the chain temperror, not a failure", async () => {
  const chain = `ARC-Seal: i=1; a=rsa-sha256; cv=none; d=arc.test; s=s; t=1; b=AAAA
ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=arc.test; s=s; h=from; bh=AAAA; b=AAAA
ARC-Authentication-Results: i=1; arc.test; spf=pass
From: a@x.test

x
`;
  const arc = async (dns: StaticTable) => (await signaturesOf(chain, dns)).arc.result;
  expect(await arc({ "s._domainkey.arc.test": "timeout" })).toBe("temperror");
  expect(await arc({})).toBe("fail");
});

async function signed(bits: number, options: { maxBodyLength?: number } = {}): Promise<[string, StaticTable]> {
  const { generateKeyPairSync } = await import("node:crypto");
  const { dkimSign } = await import("mailauth");
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const message = "From: a@example.com\r\nSubject: x\r\n\r\nfirst\r\n";
  const { signatures } = await dkimSign(message, {
    signatureData: [{
      signingDomain: "example.com",
      selector: "s",
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      ...options,
    }],
  } as never);
  const record = `v=DKIM1; k=rsa; p=${publicKey.export({ type: "spki", format: "der" }).toString("base64")}`;
  return [signatures + message, { "s._domainkey.example.com": { TXT: [record] } }];
}

test("a signature over the beginning of the text is a pass only while there is no more", async () => {
  const [message, dns] = await signed(1024, { maxBodyLength: 7 });
  expect(message).toContain("l=7");
  expect(await verdict(message, dns)).toBe("pass");
  expect(await verdict(`${message}added\r\n`, dns)).toBe("policy: part of the text is not signed");
});

test("a key under 1024 bits is not believed", async () => {
  expect(await verdict(...await signed(1024))).toBe("pass");
  expect(await verdict(...await signed(768))).toBe("policy: key is too short");
});
