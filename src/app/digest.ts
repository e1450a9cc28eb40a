/** SHA-256 over octets that come in pieces. */

import { hex } from "../protocol/hex.ts";

/** As much of `node:crypto` as is needed. */
interface NodeCrypto {
  createHash(algorithm: "sha256"): { update(piece: Uint8Array): unknown; digest(encoding: "hex"): string };
}

/** Lower-case hexadecimal. */
export async function sha256(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const crypto = await nodeCrypto();
  if (crypto === undefined) {
    return hex(new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", await gathered(pieces))));
  }
  const hash = crypto.createHash("sha256");
  for await (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

/** All octets at once, for platforms whose own digest takes no pieces. */
export async function gathered(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return new Uint8Array(await new Blob(all as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

/** Absent on platforms without Node's modules. */
async function nodeCrypto(): Promise<NodeCrypto | undefined> {
  try {
    return await import("node:crypto");
  } catch {
    return undefined;
  }
}
