/** PEM (RFC 7468): from text or a file to what is between the lines of hyphens. */

import { createPrivateKey, X509Certificate } from "node:crypto";

/** PEM, and what to call it in an error. */
export interface Pem {
  readonly text: string;
  readonly name: string;
}

/** Whether an option is PEM itself, and not the path of a file with it. */
export function isPem(value: string): boolean {
  return value.includes("-----BEGIN");
}

/**
 * Reads an option that is PEM text or a path.
 *
 * @param name what the option is called: `tls.cert`.
 * @throws {Error} when there is no such file, or it cannot be read.
 */
export async function readPem(name: string, value: string): Promise<Pem> {
  if (isPem(value)) return { text: value, name };
  try {
    const { readFile } = await import("node:fs/promises");
    return { text: await readFile(value, "utf8"), name: `${name}, the file ${JSON.stringify(value)}` };
  } catch (cause) {
    throw new Error(`Cannot read ${name} from the file ${JSON.stringify(value)}: ${codeOf(cause)}`, { cause });
  }
}

/**
 * All certificates in a PEM, at least one.
 *
 * @throws {TypeError} when there is none, or one cannot be read.
 */
export function certificatesIn({ text, name }: Pem): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (blocks === null) {
    throw new TypeError(`Cannot use ${name}: it holds no certificate in PEM ("-----BEGIN CERTIFICATE")`);
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new TypeError(`Cannot use ${name}: certificate ${index + 1} in it cannot be read`, { cause });
    }
  });
}

/**
 * The private key in a PEM: decrypted, and in the one form that every runtime takes (PKCS #8).
 *
 * @throws {TypeError} when there is none, when it cannot be read, or when the passphrase does not open it.
 */
export function privateKeyIn({ text, name }: Pem, passphrase: string | undefined): { pem: string; key: PrivateKey } {
  const block = /-----BEGIN ((?:[A-Z0-9]+ )*)PRIVATE KEY-----[\s\S]*?-----END \1PRIVATE KEY-----/.exec(text)?.[0];
  if (block === undefined) {
    throw new TypeError(`Cannot use ${name}: it holds no private key in PEM ("-----BEGIN PRIVATE KEY")`);
  }
  const isEncrypted = /BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(block);
  if (isEncrypted && passphrase === undefined) {
    throw new TypeError(`Cannot use ${name}: the key is encrypted, and there is no passphrase`);
  }
  try {
    const key = createPrivateKey(isEncrypted ? { key: block, passphrase: passphrase! } : block);
    return { key, pem: key.export({ type: "pkcs8", format: "pem" }).toString() };
  } catch {
    // What the runtime says of it could show parts of the key.
    const reason = isEncrypted ? "the passphrase does not open the key" : "the private key cannot be read";
    throw new TypeError(`Cannot use ${name}: ${reason}`);
  }
}

type PrivateKey = ReturnType<typeof createPrivateKey>;

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return code === "ENOENT" ? "there is no such file" : code === "EACCES" ? "permission denied" : String(code ?? error);
}
