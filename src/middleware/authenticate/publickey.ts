/** Public keys from the DNS (RFC 6376 section 3.6.1, RFC 8463 section 4.2), and what they say of a signature. */

import { Buffer } from "node:buffer";
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import type { KeyLookups } from "./keys.ts";
import { keyProblem, type Signature } from "./signature.ts";
import { parseTags, unspaced } from "./tags.ts";

/** What came of a signature and its key. */
export interface Finding {
  readonly result: "pass" | "fail" | "policy" | "permerror" | "temperror";
  /** Absent for a pass. */
  readonly reason?: string;
}

/** RFC 8301 section 3.2: shorter keys must not be believed. */
const fewestBits = 1024;

/** Longer ones, or with an exponent of more than 32 bits, are in no use, and keep the processor from everybody else. */
const mostBits = 8192;
const largestExponent = 2n ** 32n;

/** Who signed, with what. */
export type Signer = Pick<Signature, "domain" | "selector" | "identity" | "algorithm" | "signature">;

/** Looks the key up and asks it about what was signed. */
export async function verifyWithKey(signer: Signer, signed: Buffer, keys: KeyLookups): Promise<Finding> {
  const record = unspaced(await keys.find(signer.selector, signer.domain));
  if (keys.isTroubled(signer.selector, signer.domain)) {
    return { result: "temperror", reason: "key could not be looked up" };
  }
  if (record === "") return { result: "permerror", reason: "no key" };
  const wrong = keyProblem(record, signer);
  if (wrong !== undefined) return { result: "permerror", reason: wrong };
  const key = readKey(record);
  if (typeof key === "string") return { result: "permerror", reason: key };
  const [type] = signer.algorithm.split("-");
  if (key.asymmetricKeyType !== type) return { result: "permerror", reason: "key is for another algorithm" };
  if (type === "rsa") {
    const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
    if (modulusLength < fewestBits) return { result: "policy", reason: "key is too short" };
    if (modulusLength > mostBits || publicExponent > largestExponent) {
      return { result: "policy", reason: "key is too long" };
    }
  }
  return isSigned(key, signed, signer.signature) ? { result: "pass" } : { result: "fail", reason: "bad signature" };
}

/** What stands before the 32 octets of an Ed25519 key (RFC 8410 section 4): the record has these alone. */
const ed25519 = Buffer.from("302a300506032b6570032100", "hex");

const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The key in a record without blanks, or what is wrong with it. */
function readKey(record: string): KeyObject | string {
  const tags = parseTags(record);
  const text = tags?.get("p") ?? "";
  if (!isBase64.test(text)) return "invalid public key";
  const octets = Buffer.from(text, "base64");
  const wanted = (tags?.get("k") ?? "rsa").toLowerCase();
  if (wanted === "ed25519") {
    return octets.length === 32 ? keyOf(Buffer.concat([ed25519, octets]), "spki", wanted) : "unknown key type";
  }
  if (wanted !== "rsa") return "unknown key type";
  // The section says RSAPublicKey, and shows a SubjectPublicKeyInfo: there are keys of both kinds.
  const found = keyOf(octets, "spki", wanted);
  return typeof found === "string" ? keyOf(octets, "pkcs1", wanted) : found;
}

function keyOf(key: Buffer, type: "spki" | "pkcs1", wanted: string): KeyObject | string {
  try {
    const found = createPublicKey({ key, format: "der", type });
    return found.asymmetricKeyType === wanted ? found : "unknown key type";
  } catch {
    return "unknown key type";
  }
}

function isSigned(key: KeyObject, signed: Buffer, signature: string): boolean {
  if (!isBase64.test(signature)) return false;
  const octets = Buffer.from(signature, "base64");
  try {
    if (key.asymmetricKeyType === "rsa") return verify("sha256", signed, key, octets);
    // RFC 8463 section 3: Ed25519 signs the hash.
    return verify(null, createHash("sha256").update(signed).digest(), key, octets);
  } catch {
    return false;
  }
}
