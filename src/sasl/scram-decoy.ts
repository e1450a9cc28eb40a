import { randomBytes } from "node:crypto";
import { digestSize, hmac, type ScramHash } from "./digest.ts";
import { defaultIterations, type ScramCredentials } from "./scram-credentials.ts";

/**
 * What a client is shown for a user that does not exist. It should look like what is shown for one that does: the
 * same number of iterations, a salt of the same length, and the same salt again tomorrow.
 */
export interface DecoyOptions {
  /**
   * At least 16 bytes from which salts are derived. Default: random for each process, so that salts change with a
   * restart and differ between workers, and a patient client can tell. Set it where that matters, and keep it secret.
   */
  readonly secret?: Uint8Array;
  /** The number of iterations of your users' credentials. Default: the default of `scramCredentials`. */
  readonly iterations?: number;
  /** The length in bytes, at most 20, of your users' salts. Default: 16. */
  readonly saltLength?: number;
}

/** Made when it is first needed: some platforms have no random numbers while modules are loaded. */
let processSecret: Uint8Array | undefined;

/** Credentials that no password matches, always the same ones for a user. */
export function decoyCredentials(hash: ScramHash, user: string, options: DecoyOptions = {}): ScramCredentials {
  const {
    secret = processSecret ??= new Uint8Array(randomBytes(32)),
    iterations = defaultIterations[hash],
    saltLength = 16,
  } = options;
  const derive = (purpose: string): Uint8Array => hmac(hash, secret, `${purpose}\0${user}`);
  return {
    hash,
    iterations,
    salt: derive("salt").slice(0, Math.min(saltLength, digestSize(hash))),
    storedKey: derive("stored key"),
    serverKey: derive("server key"),
  };
}
