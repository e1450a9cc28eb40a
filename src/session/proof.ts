/** What a client shows of itself in a SASL exchange, as the application is asked about it. */

import type { Credentials, ScramCredentials, ScramHash } from "../sasl/mod.ts";

/** What the mechanisms have in common in which the client proves that it knows a secret, and does not send it. */
interface Proof {
  readonly mechanism: string;
  /** Who the client says it is, prepared by SASLprep (RFC 4013). */
  readonly user: string;
  /** Whom the client asks to act as; undefined if itself. */
  readonly authorizationId: string | undefined;
}

/** SCRAM: the client proves that it knows a password, and the server that it knows the user. */
export interface ScramProof extends Proof {
  /** Which of {@linkcode ShownCredentials} this is. */
  readonly type: "scram";
  /** The hash that the credentials must be of. */
  readonly hash: ScramHash;
  /**
   * Challenges the client, once.
   *
   * @param credentials what was stored for the user; undefined where there is no such user, or it may not log in. The
   * exchange then goes on with made-up ones, and fails at its end like one with a wrong password.
   * @returns whether the client proved itself. False, too, when it gave up or went away.
   * @throws {Error} when it is called a second time.
   */
  prove(credentials: ScramCredentials | undefined): Promise<boolean>;
}

/** CRAM-MD5: the client proves that it knows a password, which the server must have in clear. */
export interface CramMd5Proof extends Proof {
  /** Which of {@linkcode ShownCredentials} this is. */
  readonly type: "cram-md5";
  /** As {@linkcode ScramProof.prove}, with the user's password. The challenge itself was sent before. */
  prove(password: string | undefined): Promise<boolean>;
}

/** Everything a client may show: a password, a token, a certificate, or the readiness to prove a secret. */
export type ShownCredentials = Credentials | ScramProof | CramMd5Proof;
