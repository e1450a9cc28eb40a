/** Server-side SASL mechanisms for SMTP (RFC 4422, RFC 4954). */

import { cramMd5 } from "./cram-md5.ts";
import { external } from "./external.ts";
import { login } from "./login.ts";
import type { BearerError, Mechanism } from "./mechanism.ts";
import { oauthBearer } from "./oauthbearer.ts";
import { plain } from "./plain.ts";
import { scram } from "./scram.ts";
import type { DecoyOptions } from "./scram-decoy.ts";
import { xoauth2 } from "./xoauth2.ts";

export type * from "./mechanism.ts";
export type { ChannelBindingType } from "./channel-binding.ts";
export type { ScramHash } from "./digest.ts";
export type { ScramCredentials, ScramCredentialsOptions } from "./scram-credentials.ts";
export type { DecoyOptions } from "./scram-decoy.ts";
export type { ScramOptions } from "./scram.ts";
export { tlsServerEndPoint } from "./channel-binding.ts";
export { cramMd5 } from "./cram-md5.ts";
export { external } from "./external.ts";
export { login } from "./login.ts";
export { oauthBearer } from "./oauthbearer.ts";
export { plain } from "./plain.ts";
export { saslprep } from "./saslprep.ts";
export { formatScramCredentials, parseScramCredentials, scramCredentials } from "./scram-credentials.ts";
export { scram } from "./scram.ts";
export { mostResponseOctets } from "./step.ts";
export { xoauth2 } from "./xoauth2.ts";

/** What the mechanisms of a server have in common. */
export interface MechanismOptions {
  /** What OAUTHBEARER and XOAUTH2 tell a client with a bad token. */
  readonly bearerError?: BearerError;
  /** How the SCRAM mechanisms hide which users exist. */
  readonly decoy?: DecoyOptions;
}

/**
 * All mechanisms by name, upper case, best first: the order in which to offer them.
 *
 * ```ts
 * mechanisms().get("PLAIN")?.start({});
 * ```
 */
export function mechanisms(options: MechanismOptions = {}): ReadonlyMap<string, Mechanism> {
  const scramOptions = options.decoy === undefined ? {} : { decoy: options.decoy };
  const all = [
    external,
    scram({ hash: "SHA-256", plus: true, ...scramOptions }),
    scram({ hash: "SHA-1", plus: true, ...scramOptions }),
    scram({ hash: "SHA-256", ...scramOptions }),
    scram({ hash: "SHA-1", ...scramOptions }),
    oauthBearer(options.bearerError),
    xoauth2(options.bearerError),
    plain,
    login,
    cramMd5,
  ];
  return new Map(all.map((mechanism) => [mechanism.name, mechanism]));
}
