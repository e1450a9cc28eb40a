import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

/** A SCRAM client as small as RFC 5802 section 3 allows, which shares no code with the server. */
export interface ScramClient {
  readonly hash: "sha1" | "sha256";
  readonly password: string;
  /** `n,,` */
  readonly gs2Header: string;
  /** `n=user,r=nonce` */
  readonly firstBare: string;
  readonly bindingData?: Uint8Array;
  /** What to sign in place of the nonce that the server sent. */
  readonly nonce?: string;
}

/** The client-final-message, and the server-final-message that the client will believe. */
export function answer(client: ScramClient, serverFirst: string): { final: string; verifier: string } {
  const { hash } = client;
  const [, nonce, salt, iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst) ?? [];
  if (nonce === undefined || salt === undefined) throw new Error(`Not a server-first-message: ${serverFirst}`);
  const hmac = (key: Uint8Array, data: string) => createHmac(hash, key).update(data).digest();
  const size = hash === "sha1" ? 20 : 32;
  const salted = pbkdf2Sync(client.password, Buffer.from(salt, "base64"), Number(iterations), size, hash);
  const clientKey = hmac(salted, "Client Key");
  const storedKey = createHash(hash).update(clientKey).digest();
  const binding = Buffer.concat([Buffer.from(client.gs2Header), client.bindingData ?? new Uint8Array()]).toString(
    "base64",
  );
  const withoutProof = `c=${binding},r=${client.nonce ?? nonce}`;
  const authMessage = `${client.firstBare},${serverFirst},${withoutProof}`;
  const signature = hmac(storedKey, authMessage);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0))).toString("base64");
  const verifier = `v=${hmac(hmac(salted, "Server Key"), authMessage).toString("base64")}`;
  return { final: `${withoutProof},p=${proof}`, verifier };
}

/** What the server would have stored, with as few iterations as a test likes. */
export function stored(hash: "SHA-1" | "SHA-256", password: string, saltBase64: string, iterations: number): string {
  const name = hash === "SHA-1" ? "sha1" : "sha256";
  const salted = pbkdf2Sync(password, Buffer.from(saltBase64, "base64"), iterations, hash === "SHA-1" ? 20 : 32, name);
  const clientKey = createHmac(name, salted).update("Client Key").digest();
  const storedKey = createHash(name).update(clientKey).digest("base64");
  const serverKey = createHmac(name, salted).update("Server Key").digest("base64");
  return `SCRAM-${hash}$${iterations}:${saltBase64}$${storedKey}:${serverKey}`;
}
