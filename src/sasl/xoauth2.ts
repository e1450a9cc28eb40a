import type { BearerError, Mechanism } from "./mechanism.ts";
import { bearerToken, keyValuePairs, tokenCredentials } from "./bearer.ts";
import { decodeUtf8, prepareIdentity } from "./identity.ts";
import { clientFirst, failure } from "./step.ts";

/**
 * XOAUTH2, Google's forerunner of OAUTHBEARER, which Outlook and many others speak:
 * `user=` name %x01 `auth=Bearer ` token %x01 %x01. Only for encrypted connections.
 *
 * @param defaults What a client with a bad token is told where the application says nothing else.
 */
export function xoauth2(defaults: BearerError = {}): Mechanism {
  // The three keys are those of Google's description. `schemes` is what clients look for to know that a token is wanted.
  const describe = (error: BearerError) => ({
    status: error.status ?? defaults.status ?? "401",
    schemes: "bearer",
    scope: error.scope ?? defaults.scope,
  });
  return clientFirst("XOAUTH2", (_context, response) => {
    const text = decodeUtf8(response);
    if (text === undefined) return failure("malformed", "The message is not UTF-8.");
    const pairs = keyValuePairs(text);
    const sentUser = pairs?.get("user");
    const authorization = pairs?.get("auth");
    if (sentUser === undefined || authorization === undefined) {
      return failure("malformed", "The message is not a user and a bearer token.");
    }
    const token = bearerToken(authorization);
    if (token === undefined) {
      return failure("malformed", "The authorization is not a bearer token (RFC 6750 section 2.1).");
    }
    const user = prepareIdentity(sentUser);
    if (user === undefined) return failure("rejected", "The user name is empty, too long, or not allowed by SASLprep.");
    return tokenCredentials(
      { type: "token", mechanism: "XOAUTH2", token, user, host: undefined, port: undefined },
      describe,
    );
  });
}
