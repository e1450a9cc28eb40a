/** Standard Webhooks (standardwebhooks.com): who sent a request, and that nobody changed it. */

import { gathered } from "../app/digest.ts";

type Octets = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

/**
 * The keys of one or several secrets, `whsec_` and base64 (the prefix may be missing). Several sign and are accepted
 * while one replaces the other.
 *
 * @throws {TypeError} for a secret that is none, or shorter than the 24 octets that the specification asks for. The
 * secret is not in the message.
 */
export function signingKeys(secret: string | readonly string[]): readonly Octets[] {
  const keys = [secret].flat().map(keyOf);
  if (keys.length === 0) throw new TypeError("Cannot sign without a secret: give one, or leave the option out");
  return keys;
}

function keyOf(secret: string): Octets {
  const text = secret.trim().replace(/^whsec_/, "");
  const form = `it is "whsec_" and at least 24 octets in base64, as \`echo "whsec_$(openssl rand -base64 32)"\` prints`;
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new TypeError(`Cannot read a webhook secret: ${form}`);
  }
  if (binary.length < 24) throw new TypeError(`Cannot use a webhook secret of ${binary.length} octets: ${form}`);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** What is signed: an id, the time in seconds, the body. */
export interface Signed {
  readonly id: string;
  readonly timestamp: number;
  readonly body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** The `webhook-signature` header: `v1,` and a base64 HMAC for each key. */
export async function sign(keys: readonly Octets[], { id, timestamp, body }: Signed): Promise<string> {
  const signatures: string[] = [];
  for (const key of keys) {
    const mac = await hmacSha256(key, concatenated(encoder.encode(`${id}.${timestamp}.`), body));
    signatures.push(`v1,${btoa(String.fromCharCode(...mac))}`);
  }
  return signatures.join(" ");
}

/**
 * The `smtp-signature` header: the same over all other `smtp-` headers in place of the body. Standard Webhooks signs no
 * headers, and in the format `raw` they say who a message is from and for.
 */
export function signFacts(keys: readonly Octets[], id: string, timestamp: number, headers: Headers): Promise<string> {
  const lines = [...headers].filter(([name]) => name.startsWith("smtp-") && name !== "smtp-signature")
    .map(([name, value]) => `${name}:${value}\n`).sort();
  return sign(keys, { id: `facts.${id}`, timestamp, body: [encoder.encode(lines.join(""))] });
}

/** Whether one of the signatures in a header is one of those expected; takes the same time wherever they differ. */
export function matches(header: string, expected: string): boolean {
  const wanted = expected.split(" ").map((each) => encoder.encode(each));
  let isFound = false;
  for (const given of header.split(" ").slice(0, 16)) {
    const bytes = encoder.encode(given);
    for (const each of wanted) if (equal(bytes, each)) isFound = true;
  }
  return isFound;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= a[at]! ^ b[at]!;
  return difference === 0;
}

/** HMAC-SHA256 over octets that come in pieces. */
export async function hmacSha256(
  key: Octets,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Uint8Array> {
  const node = await import("node:crypto").catch(() => undefined);
  if (node !== undefined) {
    const hmac = node.createHmac("sha256", key);
    for await (const piece of pieces) hmac.update(piece);
    return hmac.digest();
  }
  // The web's own takes no pieces.
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, await gathered(pieces)));
}

async function* concatenated(
  head: Uint8Array,
  tail: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield head;
  yield* tail;
}
