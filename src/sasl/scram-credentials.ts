import { pbkdf2, randomBytes } from "node:crypto";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { algorithmName, digest, digestSize, hmac, type ScramHash } from "./digest.ts";
import { saslprep } from "./saslprep.ts";

/** What a server keeps of a password for SCRAM (RFC 5802 section 3). Whoever has it can guess at the password offline. */
export interface ScramCredentials {
  /** Which SCRAM they are for. */
  readonly hash: ScramHash;
  /** Rounds of PBKDF2: how dear each guess is. */
  readonly iterations: number;
  /** Octets of its own for each password. */
  readonly salt: Uint8Array;
  /** H(ClientKey) */
  readonly storedKey: Uint8Array;
  /** Whoever has it can pose as the server. */
  readonly serverKey: Uint8Array;
}

/** How {@linkcode scramCredentials} is to do its work. */
export interface ScramCredentialsOptions {
  /** Of the mechanisms that the credentials are for. */
  readonly hash: ScramHash;
  /** Of PBKDF2; at least 10 000. Default: {@linkcode defaultIterations}. */
  readonly iterations?: number;
  /** At least 8 bytes (RFC 8018 section 4.1). Default: 16 random bytes, which is what it should be. */
  readonly salt?: Uint8Array;
}

/**
 * How often the hash is applied by default. RFC 7677 section 4 wants 4096 at least and "a significantly higher value"
 * where it can be; these are the numbers of OWASP's Password Storage Cheat Sheet for PBKDF2. The client does the work,
 * once for each login, about a tenth to half a second; an old phone may take longer and a client may have a limit.
 */
export const defaultIterations: Readonly<Record<ScramHash, number>> = { "SHA-1": 1_300_000, "SHA-256": 600_000 };

const fewestIterations = 10_000;
/** The largest count that every client reads (a signed 32-bit number). */
const mostIterations = 2 ** 31 - 1;

/**
 * Makes what a server keeps of a password for SCRAM. The work is done off the main thread.
 *
 * @throws {RangeError} if there are too few or too many iterations, or the salt is too short.
 * @throws {TypeError} if the password is empty or holds what SASLprep prohibits in stored strings.
 *
 * ```ts
 * const credentials = await scramCredentials("pencil", { hash: "SHA-256" });
 * formatScramCredentials(credentials); // "SCRAM-SHA-256$600000:…"
 * ```
 */
export async function scramCredentials(password: string, options: ScramCredentialsOptions): Promise<ScramCredentials> {
  const { hash, iterations = defaultIterations[hash], salt = new Uint8Array(randomBytes(16)) } = options;
  if (!Number.isInteger(iterations) || iterations < fewestIterations || iterations > mostIterations) {
    throw new RangeError(
      `Cannot make SCRAM credentials with ${iterations} iterations: use a whole number from ${fewestIterations} ` +
        `to ${mostIterations}, or leave it out for ${defaultIterations[hash]}.`,
    );
  }
  if (salt.length < 8) {
    throw new RangeError(`Cannot make SCRAM credentials with a salt of ${salt.length} bytes: use 8 or more, best 16.`);
  }
  const prepared = saslprep(password, { stored: true });
  if (prepared === undefined || prepared === "") {
    throw new TypeError("Cannot make SCRAM credentials: the password is empty or holds what RFC 4013 prohibits.");
  }
  const saltedPassword = await new Promise<Uint8Array>((resolve, reject) => {
    pbkdf2(prepared, salt, iterations, digestSize(hash), algorithmName(hash), (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
  const storedKey = digest(hash, hmac(hash, saltedPassword, "Client Key"));
  return { hash, iterations, salt, storedKey, serverKey: hmac(hash, saltedPassword, "Server Key") };
}

/** Whether the parts are of the right kind and size: what a store gave back may be anything. */
export function areScramCredentials(credentials: ScramCredentials, hash: ScramHash): boolean {
  const { iterations, salt, storedKey, serverKey } = credentials;
  return credentials.hash === hash && Number.isInteger(iterations) && iterations > 0 && salt.length > 0 &&
    storedKey.length === digestSize(hash) && serverKey.length === digestSize(hash);
}

/** Writes credentials as PostgreSQL and others store them: `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`. */
export function formatScramCredentials(credentials: ScramCredentials): string {
  const [salt, storedKey, serverKey] = [credentials.salt, credentials.storedKey, credentials.serverKey].map(
    encodeBase64,
  );
  return `SCRAM-${credentials.hash}$${credentials.iterations}:${salt}$${storedKey}:${serverKey}`;
}

/**
 * Reads what {@linkcode formatScramCredentials} and PostgreSQL write. Any number of iterations is taken, as
 * credentials that exist should keep working; PostgreSQL's default is 4096.
 *
 * @throws {TypeError} if it is anything else. The message does not repeat the text, which is a secret.
 */
export function parseScramCredentials(text: string): ScramCredentials {
  const [, hash, count, ...encoded] =
    /^SCRAM-(SHA-1|SHA-256)\$([1-9]\d{0,9}):([^:$]+)\$([^:$]+):([^:$]+)$/.exec(text) ?? [];
  const [salt, storedKey, serverKey] = encoded.map(decodeBase64);
  if ((hash === "SHA-1" || hash === "SHA-256") && salt && storedKey && serverKey) {
    const credentials: ScramCredentials = { hash, iterations: Number(count), salt, storedKey, serverKey };
    if (credentials.iterations <= mostIterations && areScramCredentials(credentials, hash)) return credentials;
  }
  throw new TypeError(
    "Cannot read SCRAM credentials: they look like SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey, " +
      "with salt and keys in base64.",
  );
}
