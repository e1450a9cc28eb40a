/** Messages signed by another implementation, Debian's python3-dkim, and the DNS with its keys. */

import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { fileURLToPath } from "node:url";
import type packet from "dns-packet";
import { type ScriptedServer, scriptedServer } from "../dns/server.ts";

/** The system's Python: Debian's packages are its own. */
const python = "/usr/bin/python3";

/** Said where the signer is not there. */
export const absent = "skipped: no python3-dkim (Debian) to sign messages with";

/** Whether messages can be signed here, with Ed25519, too. */
export function canSign(): boolean {
  return spawnSync(python, ["-c", "import dkim, nacl"]).status === 0;
}

/** A signed message, and by what. */
export interface Signed {
  readonly name: string;
  readonly algorithm: string;
  readonly message: Buffer;
}

const domain = "signed.test";

interface Key {
  readonly name: string;
  readonly selector: string;
  readonly algorithm: string;
  /** As dkimpy reads it. */
  readonly secret: string;
  readonly record: string;
}

function rsaKey(bits: number): Key {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  const record = `v=DKIM1; k=rsa; p=${publicKey.export({ type: "spki", format: "der" }).toString("base64")}`;
  const secret = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
  return { name: `RSA ${bits}`, selector: `rsa${bits}`, algorithm: "rsa-sha256", secret, record };
}

function edKey(): Key {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const record = `v=DKIM1; k=ed25519; p=${last32(publicKey, "spki")}`;
  return {
    name: "Ed25519",
    selector: "ed",
    algorithm: "ed25519-sha256",
    secret: last32(privateKey, "pkcs8"),
    record,
  };
}

/** The bare key: the last 32 octets of both encodings (RFC 8410 section 4 and 7). */
function last32(key: KeyObject, type: "spki" | "pkcs8"): string {
  return key.export({ type: type as "spki", format: "der" }).subarray(-32).toString("base64");
}

/** Long enough for a spool file, with all that canonicalization is about: blanks, dots, empty lines, eight bits. */
const text = [
  `From: Joe <joe@${domain}>`,
  "To: b@y.test",
  "Subject:  blanks \t and",
  "\tfolds",
  "Received: from before.test by signer.test;",
  " Fri, 11 Jul 2003 21:01:54 -0700",
  "X-Empty:",
  "",
  "line with blanks \t ",
  ".",
  "..two dots",
  "größer \u{1f4e8}",
  ...Array.from({ length: 3000 }, (_, at) => `line ${at} ${"x".repeat(at % 70)}`),
  "",
  "",
  "",
].join("\r\n");

/** One message for each key and canonicalization. */
export function signedMessages(keys: readonly Key[]): Signed[] {
  const orders = keys.flatMap((key) =>
    ["simple/simple", "relaxed/relaxed", "relaxed/simple"].map((canonicalization) => ({ key, canonicalization }))
  );
  const message = Buffer.from(text);
  const input = JSON.stringify(orders.map(({ key, canonicalization }) => ({
    message: message.toString("base64"),
    selector: key.selector,
    domain,
    key: key.secret,
    algorithm: key.algorithm,
    canonicalization,
  })));
  const script = fileURLToPath(new URL("sign.py", import.meta.url));
  const { status, stdout, stderr } = spawnSync(python, [script], { input, encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`python3-dkim would not sign: ${stderr}`);
  return (JSON.parse(stdout) as string[]).map((signed, at) => ({
    name: `${orders[at]!.key.name} ${orders[at]!.canonicalization}`,
    algorithm: orders[at]!.key.algorithm,
    message: Buffer.from(signed, "base64"),
  }));
}

/** All the keys that are promised to work. */
export function makeKeys(): Key[] {
  return [rsaKey(1024), rsaKey(2048), rsaKey(4096), edKey()];
}

/** A DNS server on loopback that has the keys, in strings of 255 octets, and a DMARC policy. */
export function keyServer(keys: readonly Key[]): Promise<ScriptedServer> {
  const records = new Map(keys.map(({ selector, record }) => [`${selector}._domainkey.${domain}`, record]));
  records.set(`_dmarc.${domain}`, "v=DMARC1; p=reject");
  return scriptedServer(({ name, type }) => {
    const record = type === "TXT" ? records.get(name.toLowerCase()) : undefined;
    if (record === undefined) return { rcode: 3 };
    const data = record.match(/.{1,255}/g)!.map((string) => Buffer.from(string));
    return { answers: [{ type: "TXT", name, class: "IN", ttl: 60, data } as packet.Answer] };
  });
}
