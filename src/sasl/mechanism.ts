/**
 * Server-side SASL (RFC 4422) as a chain of values: each step holds what to do now and the functions that lead on.
 *
 * Nothing here does I/O, waits, or keeps state between steps, so whoever drives an exchange is a plain loop that
 * may await whatever it likes in between.
 */

import type { ChannelBindingType } from "./channel-binding.ts";
import type { ScramCredentials } from "./scram-credentials.ts";
import type { ScramHash } from "./digest.ts";

/**
 * One SASL mechanism, as the server plays it.
 *
 * ```ts
 * const step = plain.start({}, new TextEncoder().encode("\0tim\0tanstaaftanstaaf"));
 * if (step.type === "credentials") console.log(step.credentials); // { type: "password", user: "tim", … }
 * ```
 */
export interface Mechanism {
  /** The registered name, upper case: `SCRAM-SHA-256`. */
  readonly name: string;
  /** Whether the client speaks first. If not, an initial response is an error (RFC 4954 section 4). */
  readonly clientFirst: boolean;
  /**
   * Begins an exchange.
   *
   * @param initialResponse The decoded initial response. `undefined`: there was none, so the first step is a
   * challenge. No bytes (`AUTH PLAIN =`): there was one and it is empty, which is another thing (RFC 4954 section 4).
   */
  start(context: MechanismContext, initialResponse?: Uint8Array): Step;
}

/** What a mechanism may need to know of the connection. */
export interface MechanismContext {
  /** The server's own name, in the challenge of CRAM-MD5. Default: `localhost`. */
  readonly hostname?: string;
  /**
   * Gives the channel binding data of this connection, or `undefined` for a type that it does not have.
   * Set it exactly when a `-PLUS` mechanism was offered on this connection: that is how a client that was made to
   * believe otherwise is found out (RFC 5802 section 6).
   */
  readonly channelBinding?: (type: ChannelBindingType) => Uint8Array | undefined;
  /** Who the client is by means outside SASL, such as the subject of its verified certificate. Needed for EXTERNAL. */
  readonly externalIdentity?: string;
  /**
   * Whether a client may ask to act as somebody else (a SASL authorization identity that is not its user name).
   * Default: false, and asking fails. If true, the application must decide: it finds `authorizationId` in the step.
   * It does not concern EXTERNAL, where the application always decides.
   */
  readonly allowAuthorizationId?: boolean;
  /**
   * The server's part of a nonce or challenge: printable ASCII without `,`, `<`, `>`, `@` and spaces, never twice
   * the same. Default: 144 bits from the system's random number generator. Only tests should need it.
   */
  readonly nonce?: () => string;
}

/** What to do next. */
export type Step = Challenge | CredentialsStep | PasswordLookup | ScramLookup | Success | Failure;

/** Send `data` (base64 in a 334 reply), and give the decoded answer to `respond`. */
export interface Challenge {
  /** Which {@linkcode Step} this is. */
  readonly type: "challenge";
  /** As octets, before base64. */
  readonly data: Uint8Array;
  /** @param response what the client said, decoded from base64. */
  respond(response: Uint8Array): Step;
}

/** The client has shown its credentials: ask the application, then go on with `accept` or `refuse`. */
export interface CredentialsStep {
  /** Which {@linkcode Step} this is. */
  readonly type: "credentials";
  /** As the client gave them. */
  readonly credentials: Credentials;
  /** The credentials are good. `user`: whose they are; default: the user that the credentials name. */
  accept(user?: string): Step;
  /** The credentials are bad. `error` goes to the client by the mechanisms that can tell it (OAUTHBEARER, XOAUTH2). */
  refuse(error?: BearerError): Step;
}

/** CRAM-MD5: ask the application for the user's password as it is, then go on with `resume`. */
export interface PasswordLookup {
  /** Which {@linkcode Step} this is. */
  readonly type: "lookup";
  /** What is to be looked up. */
  readonly secret: "password";
  /** `CRAM-MD5`. */
  readonly mechanism: string;
  readonly user: string;
  readonly authorizationId: string | undefined;
  /** `undefined`: no such user, or not allowed. The client cannot tell this from a wrong password. */
  resume(password: string | undefined): Step;
}

/** SCRAM: ask the application for what it stored for the user, then go on with `resume`. */
export interface ScramLookup {
  readonly type: "lookup";
  readonly secret: "scram";
  readonly mechanism: string;
  /** The hash that the credentials must be of. */
  readonly hash: ScramHash;
  readonly user: string;
  readonly authorizationId: string | undefined;
  /** `undefined`: no such user, or not allowed. The exchange goes on with made-up credentials and fails at its end. */
  resume(credentials: ScramCredentials | undefined): Step;
}

/** The client is who it says: 235. */
export interface Success {
  readonly type: "success";
  /** Who has authenticated. */
  readonly user: string;
  /** Whom the client asked to act as; `undefined` if itself. */
  readonly authorizationId: string | undefined;
}

/** The exchange is over. */
export interface Failure {
  readonly type: "failure";
  readonly cause: FailureCause;
  /** One sentence for the log. Holds no secret and nothing that the client sent. */
  readonly reason: string;
}

/**
 * Why an exchange failed, and what to reply:
 * - `rejected`: the credentials are not good. `535 5.7.8`
 * - `malformed`: the client did not keep to the syntax of the mechanism. `501 5.5.2`
 * - `unexpected-initial-response`: RFC 4954 section 4. `501 5.7.0`
 * - `too-long`: a response of more than {@linkcode mostResponseOctets}. `500 5.5.6`
 */
export type FailureCause = "rejected" | "malformed" | "unexpected-initial-response" | "too-long";

/** What a client shows of itself. */
export type Credentials = PasswordCredentials | TokenCredentials | ExternalCredentials;

/** PLAIN and LOGIN. */
export interface PasswordCredentials {
  /** Which of {@linkcode Credentials} these are. */
  readonly type: "password";
  /** The mechanism by which they came. */
  readonly mechanism: "PLAIN" | "LOGIN";
  /** Prepared by SASLprep (RFC 4013), so that a user has one name, whatever the mechanism. */
  readonly user: string;
  /** Exactly as sent: what it is compared with may have been stored before anybody thought of preparing it. */
  readonly password: string;
  /** Whom the client asks to act as; undefined if itself. LOGIN knows no such thing. */
  readonly authorizationId: string | undefined;
}

/** OAUTHBEARER and XOAUTH2. */
export interface TokenCredentials {
  /** Which of {@linkcode Credentials} these are. */
  readonly type: "token";
  /** The mechanism by which they came. */
  readonly mechanism: "OAUTHBEARER" | "XOAUTH2";
  /** The OAuth 2.0 bearer token (RFC 6750), without the word `Bearer`. */
  readonly token: string;
  /** Whose token the client says it is, prepared by SASLprep. Only the token itself proves it: compare the two. */
  readonly user: string | undefined;
  /** The name that the client connected to, if it says so (RFC 7628 section 3.1). */
  readonly host: string | undefined;
  /** The port likewise. */
  readonly port: number | undefined;
}

/** EXTERNAL. */
export interface ExternalCredentials {
  /** Which of {@linkcode Credentials} these are. */
  readonly type: "external";
  /** The mechanism by which they came. */
  readonly mechanism: "EXTERNAL";
  /** {@linkcode MechanismContext.externalIdentity}, as given. */
  readonly user: string;
  /** Whom the client asks to act as. The application decides whether `user` may. */
  readonly authorizationId: string | undefined;
}

/** What a client is told when its token is refused (RFC 7628 section 3.2.2). */
export interface BearerError {
  /** Of the OAuth Extensions Error Registry. Default: `invalid_token`; for XOAUTH2, `401`. */
  readonly status?: string;
  /** The OAuth scope to ask for. */
  readonly scope?: string;
  /** The `https:` address of the OpenID provider's configuration. Not sent by XOAUTH2. */
  readonly openidConfiguration?: string;
}
