import type { BearerError, CredentialsStep, Step, TokenCredentials } from "./mechanism.ts";
import { challenge, failure } from "./step.ts";

/** `b64token` of RFC 6750 section 2.1, after the scheme, which is case-insensitive (RFC 7628 section 4). */
const bearerSyntax = /^bearer ([A-Za-z0-9\-._~+/]+=*)$/i;

/** The token in `Bearer token`; `undefined` if it is anything else. */
export function bearerToken(authorization: string): string | undefined {
  return bearerSyntax.exec(authorization)?.[1];
}

/** The `key=value` pairs, each ended by %x01, and one more %x01; `undefined` if malformed or if a key comes twice. */
export function keyValuePairs(text: string): ReadonlyMap<string, string> | undefined {
  const parts = text.split("\u0001");
  if (parts.pop() !== "" || parts.pop() !== "") return undefined;
  const pairs = new Map<string, string>();
  for (const part of parts) {
    const [, key, value] = /^([A-Za-z]+)=(.*)$/s.exec(part) ?? [];
    if (key === undefined || value === undefined || pairs.has(key)) return undefined;
    pairs.set(key, value);
  }
  return pairs;
}

/**
 * Fails by way of an error challenge, because a failure itself cannot carry data: the client answers with a dummy,
 * %x01 for OAUTHBEARER (RFC 7628 section 3.2.3) and usually nothing for XOAUTH2. Whatever it answers, it has failed.
 */
export function errorChallenge(error: Readonly<Record<string, string | undefined>>, reason: string): Step {
  return challenge(JSON.stringify(error), () => failure("rejected", reason));
}

/** The application's turn. `describe` makes the content of the error challenge. */
export function tokenCredentials(
  credentials: TokenCredentials,
  describe: (error: BearerError) => Readonly<Record<string, string | undefined>>,
): CredentialsStep {
  return {
    type: "credentials",
    credentials,
    accept(user = credentials.user) {
      if (user !== undefined && user !== "") return { type: "success", user, authorizationId: undefined };
      // The client named nobody and neither did the application. A session without a user is not authenticated.
      return errorChallenge(describe({}), "The token was accepted, but the application did not say whose it is.");
    },
    refuse: (error = {}) => errorChallenge(describe(error), "The application refused the token."),
  };
}
