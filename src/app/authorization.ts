/** Credentials as HTTP spells them, for the middleware that is written for HTTP. */

import { encodeBase64 } from "../sasl/base64.ts";
import type { ShownCredentials } from "../session/proof.ts";

const encoder = new TextEncoder();

/**
 * The value of an `Authorization` header.
 *
 * @returns undefined where there is none: a proof is not sent, a certificate is no header, and the user name of a Basic
 * credential cannot have a colon (RFC 7617 section 2).
 */
export function authorizationOf(credentials: ShownCredentials): string | undefined {
  switch (credentials.type) {
    case "password":
      if (credentials.user.includes(":")) return undefined;
      return `Basic ${encodeBase64(encoder.encode(`${credentials.user}:${credentials.password}`))}`;
    case "token":
      return `Bearer ${credentials.token}`;
    default:
      return undefined;
  }
}
