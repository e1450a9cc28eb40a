/** Handlers for `app.auth()` that check what no HTTP middleware knows: passwords by a function, proofs, certificates. */

import type { Context, Env, MiddlewareHandler } from "hono";
import type { ScramHash } from "../sasl/mod.ts";
import { parseScramCredentials, type ScramCredentials } from "../sasl/scram-credentials.ts";
import { decoyCredentials, type DecoyOptions } from "../sasl/scram-decoy.ts";
import type { ShownCredentials } from "../session/proof.ts";
import type { PeerCertificate } from "../socket.ts";
import type { StageEnv } from "./context.ts";
import { checking } from "./mechanisms.ts";

/** What handlers of `auth` get. */
export type AuthContext = Context<StageEnv<Env, "auth">>;

/**
 * Checks the passwords of PLAIN and LOGIN by a function.
 *
 * @param check says true for a password that is good. Anything else refuses it, and a throw is a temporary failure.
 * Compare secrets in constant time, as password hashes do, or `timingSafeEqual` of `hono/utils/buffer`.
 *
 * @example
 * ```ts
 * import { timingSafeEqual } from "hono/utils/buffer";
 * import { password, Postern } from "postern";
 *
 * const passwords = new Map([["alice", "wonderland"]]);
 * const app = new Postern();
 * app.auth(password(async (username, secret, remoteAddress) => {
 *   console.log(`${username} logs in from ${remoteAddress}`);
 *   const isSame = await timingSafeEqual(secret, passwords.get(username) ?? "");
 *   return isSame && passwords.has(username);
 * }));
 * ```
 */
export function password(
  check: (username: string, password: string, remoteAddress: string, c: AuthContext) => boolean | Promise<boolean>,
): MiddlewareHandler {
  return checking<MiddlewareHandler>(async (c, next) => {
    const shown = shownTo(c, "password");
    const { address } = (c as AuthContext).var.session.remote;
    return await check(shown.user, shown.password, address, c) === true ? await next() : refused();
  }, ["PLAIN", "LOGIN"]);
}

/** How {@linkcode scram} hides which users exist. */
export interface ScramVerifierOptions {
  /** Which of the two hashes what is stored is of. Default: `SHA-256`. */
  readonly hash?: ScramHash;
  /** What a client is shown for a user that does not exist. Set it as your users' credentials are. */
  readonly decoy?: DecoyOptions;
}

/**
 * Checks the proofs of SCRAM: the password itself is never sent, and never stored.
 *
 * @param lookup what `scramCredentials()` made of the user's password, or its text by `formatScramCredentials()`;
 * undefined when there is no such user. A throw is a temporary failure.
 *
 * @example
 * ```ts
 * import { Postern, scram, scramCredentials } from "postern";
 *
 * const users = new Map([["alice", await scramCredentials("wonderland", { hash: "SHA-256" })]]);
 * const app = new Postern();
 * app.auth("SCRAM-SHA-256", scram((user) => users.get(user)));
 * ```
 */
export function scram(
  lookup: (
    user: string,
    c: AuthContext,
  ) => ScramCredentials | string | undefined | Promise<ScramCredentials | string | undefined>,
  options: ScramVerifierOptions = {},
): MiddlewareHandler {
  const { hash = "SHA-256", decoy } = options;
  return checking<MiddlewareHandler>(async (c, next) => {
    const shown = shownTo(c, "scram");
    // Made in any case, so that users who do not exist take no longer.
    const madeUp = decoyCredentials(shown.hash, shown.user, decoy);
    const found = await lookup(shown.user, c);
    const credentials = typeof found === "string" ? parseScramCredentials(found) : found;
    return await shown.prove(credentials ?? madeUp) ? await next() : refused();
  }, [`SCRAM-${hash === "SHA-1" ? "SHA-1" : "SHA-256"}`]);
}

/**
 * Checks the digests of CRAM-MD5, for old clients. The passwords must be there in clear.
 *
 * @param lookup the user's password; undefined when there is no such user. A throw is a temporary failure.
 *
 * @example
 * ```ts
 * import { cramMd5, Postern } from "postern";
 *
 * const app = new Postern();
 * app.auth("CRAM-MD5", cramMd5((user) => user === "scanner" ? "wonderland" : undefined));
 * ```
 */
export function cramMd5(
  lookup: (user: string, c: AuthContext) => string | undefined | Promise<string | undefined>,
): MiddlewareHandler {
  return checking<MiddlewareHandler>(async (c, next) => {
    const shown = shownTo(c, "cram-md5");
    return await shown.prove(await lookup(shown.user, c)) ? await next() : refused();
  }, ["CRAM-MD5"]);
}

/**
 * Says which user a client certificate stands for. EXTERNAL is offered only to clients whose certificate was verified.
 *
 * @param map the user's name, or undefined for a certificate that stands for nobody. `actAs` is whom the client asks to
 * act as, if anybody: it is for you to decide whether it may.
 *
 * @example
 * ```ts
 * import { external, Postern } from "postern";
 *
 * // By SHA-256 of the certificate.
 * const devices = new Map([["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "scanner"]]);
 * const app = new Postern();
 * app.auth("EXTERNAL", external((certificate, actAs) => {
 *   const user = devices.get(certificate.fingerprint);
 *   return actAs === undefined || actAs === user ? user : undefined;
 * }));
 * ```
 */
export function external(
  map: (
    certificate: PeerCertificate,
    actAs: string | undefined,
    c: AuthContext,
  ) => string | undefined | Promise<string | undefined>,
): MiddlewareHandler {
  return checking<MiddlewareHandler>(async (c, next) => {
    const shown = shownTo(c, "external");
    const certificate = (c as AuthContext).var.session.tls?.peerCertificate;
    if (certificate === undefined) return refused();
    const user = await map(certificate, shown.authorizationId, c);
    if (typeof user !== "string" || user === "") return refused();
    c.set("user", user);
    return await next();
  }, ["EXTERNAL"]);
}

/** @throws {TypeError} when a route leads a handler to credentials it cannot check: to pass them on would let them in. */
function shownTo<T extends ShownCredentials["type"]>(c: Context, type: T): Extract<ShownCredentials, { type: T }> {
  const credentials = (c as AuthContext).var.credentials;
  if (credentials?.type === type) return credentials as Extract<ShownCredentials, { type: T }>;
  throw new TypeError(`Cannot check credentials of type ${credentials?.type ?? "none"} with a handler for ${type}`);
}

function refused(): Response {
  return new Response(null, { status: 401 });
}
