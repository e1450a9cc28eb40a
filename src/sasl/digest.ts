import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** The hash functions of the SCRAM mechanisms, as in their names. */
export type ScramHash = "SHA-1" | "SHA-256";

type Algorithm = ScramHash | "MD5";

const algorithms: Readonly<Record<Algorithm, string>> = { "MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256" };

/** The hash's name as `node:crypto` wants it. */
export function algorithmName(hash: Algorithm): string {
  return algorithms[hash];
}

/** The hash's length in bytes. */
export function digestSize(hash: ScramHash): number {
  return hash === "SHA-1" ? 20 : 32;
}

/** H(data) of RFC 5802 section 2.2. */
export function digest(hash: ScramHash, data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(algorithms[hash]).update(data).digest());
}

/** HMAC(key, data) of RFC 2104. Text is taken as UTF-8. */
export function hmac(hash: Algorithm, key: string | Uint8Array, data: string): Uint8Array {
  return new Uint8Array(createHmac(algorithms[hash], key).update(data, "utf8").digest());
}

/** Whether the bytes are the same, in a time that depends on their number only. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
