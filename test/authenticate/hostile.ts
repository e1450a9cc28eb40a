/** What strangers write to harm whoever reads it, as cases that every runtime can run. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { type Resolver, staticResolver, type StaticTable } from "../../src/dns/mod.ts";
import { authenticate } from "../../src/middleware/authenticate/mod.ts";
import { Postern } from "../../src/mod.ts";
import { send } from "../../src/testing/mod.ts";
import { signaturesOf } from "./message.ts";

const signature = "DKIM-Signature: v=1; a=rsa-sha256; d=a.test; s=s; h=from; bh=YQ==; b=YQ==";

/** Each of them once wrote into what all objects inherit, or made the stage throw. */
const poisons: Readonly<Record<string, readonly string[]>> = {
  "results in an ARC set": ["ARC-Authentication-Results: i=1; x; spf=pass __proto__.user=admin"],
  "results with a getter": ["ARC-Authentication-Results: i=1; x; spf=pass __proto__.get=x"],
  "results by way of a constructor": ["ARC-Authentication-Results: i=1; x; spf=pass constructor.prototype.user=admin"],
  "a parameter of the type": [signature, "Content-Type: text/plain; __proto__*0*=evil''x"],
  "a parameter of a part's type": ["Content-Type: multipart/mixed; boundary=b; __proto__*0=x; constructor*0=y"],
  "tags": [`${signature}; __proto__=x`, "ARC-Seal: i=1; __proto__=x; constructor=y", "__proto__: x"],
};

async function deliver(fields: readonly string[]): Promise<number | undefined> {
  const app = new Postern();
  app.use(authenticate({ resolver: staticResolver({}) }));
  app.deliver("*", async (c) => {
    assert.equal(c.var.session.user, undefined);
    await c.var.mail.parse();
    return c.body(null, 204);
  });
  const part =
    "--b\r\nContent-Type: text/plain; __proto__*0*=evil''x\r\nContent-Disposition: a; __proto__*0*=u''x\r\n\r\nhi";
  const data = [...fields, "From: a@x.test", "", part, "--b--", ""].join("\r\n");
  return (await send(app, { from: "a@x.test", to: "b@y.test", data })).data?.code;
}

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
const record = `v=DKIM1; k=rsa; p=${publicKey.export({ type: "spki", format: "der" }).toString("base64")}`;
const zone: StaticTable = { "s._domainkey.x.test": { TXT: [record] } };

/** Signs a message without a library: fields of one line, and a text that is canonical already. */
function signed(subject: string, tag: string): string {
  const [from, text] = ["from:a@x.test", "hi\r\n"];
  const hash = createHash("sha256").update(text).digest("base64");
  const own = `v=1; a=rsa-sha256; c=relaxed/relaxed; d=x.test; s=s; h=from:subject; bh=${hash}; ${tag}`;
  const header = `${from}\r\nsubject:${subject}\r\ndkim-signature:${own}`;
  const b = sign("sha256", Buffer.from(header.trimEnd()), privateKey).toString("base64");
  return `DKIM-Signature: ${own}${b}\r\nFrom: a@x.test\r\nSubject: ${subject}\r\n\r\n${text}`;
}

async function dkimOf(message: string): Promise<string> {
  const { dkim } = await signaturesOf(message, zone);
  return dkim.map(({ result, reason }) => `${result} ${reason ?? ""}`.trim()).join(", ");
}

/** Counts questions that nobody answers with a key. */
function counting(): { resolver: Resolver; asked: number; most: number } {
  const counts = { asked: 0, most: 0, open: 0 };
  const resolve = async () => {
    counts.asked++;
    counts.most = Math.max(counts.most, ++counts.open);
    await new Promise((settle) => setTimeout(settle, 5));
    counts.open--;
    return { status: "nxdomain", ttl: 0 };
  };
  return Object.assign(counts, { resolver: { resolve } as unknown as Resolver });
}

function arcSet(i: number): string {
  return `ARC-Seal: i=${i}; a=rsa-sha256; cv=${i === 1 ? "none" : "pass"}; d=a${i}.test; s=s; b=AAAA\r\n` +
    `ARC-Message-Signature: i=${i}; a=rsa-sha256; c=relaxed/relaxed; d=m${i}.test; s=s; h=from; bh=AAAA; b=AAAA\r\n` +
    `ARC-Authentication-Results: i=${i}; x.test; spf=pass\r\n`;
}

async function questions(header: string): Promise<{ asked: number; most: number; arc: string }> {
  const counts = counting();
  const { arc } = await signaturesOf(`${header}From: a@x.test\r\n\r\nhi\r\n`, counts.resolver);
  return { asked: counts.asked, most: counts.most, arc: arc.result };
}

type Cases = Record<string, () => Promise<void>>;

const poisoning: Cases = Object.fromEntries(
  Object.entries(poisons).map(([name, fields]) => [`${name} cannot change what objects inherit`, async () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const code = await deliver(fields);
    const names = Object.getOwnPropertyNames(Object.prototype);
    const added = names.filter((one) => !before.includes(one));
    // Whatever comes after in this process is not to live with it.
    for (const one of added) delete (Object.prototype as unknown as Record<string, unknown>)[one];
    assert.deepEqual(added, []);
    assert.equal(code, 250);
  }]),
);

/** The cases. */
export const hostileCases: Cases = {
  ...poisoning,
  "a letter of UTF-8 whose second octet is A0 is no blank": async () => {
    assert.equal(await dkimOf(signed("hello", "b=")), "pass");
    assert.equal(await dkimOf(signed("caf\u00e9", "b=")), "pass");
    assert.equal(await dkimOf(signed("voil\u00e0 Р \u00e0", "b=")), "pass");
  },
  "blanks may stand before the sign of b=": async () => {
    assert.equal(await dkimOf(signed("hello", "b =")), "pass");
    assert.equal(await dkimOf(signed("hello", "b = ")), "pass");
  },
  "a chain that is not whole costs no question": async () => {
    const many = Array.from({ length: 199 }, (_, at) => `ARC-Seal: i=x; s=s${at}; d=a.test\r\n`).join("");
    assert.deepEqual(await questions(many), { asked: 0, most: 0, arc: "fail" });
    const twice = await questions(arcSet(1) + arcSet(2) + arcSet(2));
    assert.deepEqual(twice, { asked: 0, most: 0, arc: "fail" });
    assert.deepEqual(await questions(arcSet(2)), { asked: 0, most: 0, arc: "fail" });
    assert.deepEqual(await questions(arcSet(51)), { asked: 0, most: 0, arc: "fail" });
  },
  "a whole chain costs few questions at once": async () => {
    const counts = await questions(Array.from({ length: 50 }, (_, at) => arcSet(50 - at)).join(""));
    assert.equal(counts.arc, "fail");
    assert.ok(counts.most <= 6, `${counts.most} at once`);
  },
  "a length past the end of the text is an error, and nothing is printed": async () => {
    const { log } = console;
    const printed: unknown[] = [];
    console.log = (...all: unknown[]) => printed.push(all);
    try {
      const text = `${signature.replace("h=from", "h=from; l=99999")}\r\nFrom: a@x.test\r\n\r\nhi\r\n`;
      assert.equal(await dkimOf(text), "permerror l= is more than there is");
    } finally {
      console.log = log;
    }
    assert.deepEqual(printed, []);
  },
};
