import type { BearerError, Mechanism } from "./mechanism.ts";
import { bearerToken, errorChallenge, keyValuePairs, tokenCredentials } from "./bearer.ts";
import { parseGs2Header } from "./gs2-header.ts";
import { decodeUtf8, prepareIdentity } from "./identity.ts";
import { clientFirst, failure } from "./step.ts";

/**
 * OAUTHBEARER (RFC 7628): an OAuth 2.0 bearer token. Only for encrypted connections.
 *
 * @param defaults What a client with a bad token is told where the application says nothing else. A client that sends
 * an empty `auth` asks for just that (section 4.3), and the application is not troubled.
 */
export function oauthBearer(defaults: BearerError = {}): Mechanism {
  const describe = (error: BearerError) => ({
    "status": error.status ?? defaults.status ?? "invalid_token",
    "scope": error.scope ?? defaults.scope,
    "openid-configuration": error.openidConfiguration ?? defaults.openidConfiguration,
  });
  return clientFirst("OAUTHBEARER", (_context, response) => {
    const text = decodeUtf8(response);
    if (text === undefined) return failure("malformed", "The message is not UTF-8.");
    const header = parseGs2Header(text);
    // RFC 7628 section 3.1: gs2-header kvsep *kvpair kvsep. A lone kvsep ends a failed exchange and starts none.
    if (header === undefined || text[header.text.length] !== "\u0001") {
      return failure("malformed", "The message does not begin with a GS2 header (RFC 7628 section 3.1).");
    }
    if (header.flag === "p") {
      return failure("rejected", "OAUTHBEARER cannot bind channels, and the client asks for it.");
    }
    const pairs = keyValuePairs(text.slice(header.text.length + 1));
    const authorization = pairs?.get("auth");
    if (pairs === undefined || authorization === undefined) {
      return failure("malformed", "The message has no well-formed auth pair (RFC 7628 section 3.1).");
    }
    if (authorization === "") return errorChallenge(describe({}), "The client asked which token it needs.");
    const token = bearerToken(authorization);
    if (token === undefined) {
      return failure("malformed", "The authorization is not a bearer token (RFC 6750 section 2.1).");
    }
    const port = pairs.get("port");
    if (port !== undefined && !(/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535)) {
      return failure("malformed", "The port is not a number from 1 to 65535.");
    }
    const host = pairs.get("host");
    if (host !== undefined && !/^[\x21-\x7E]+$/.test(host)) return failure("malformed", "The host is not a host name.");
    const user = header.authorizationId === "" ? undefined : prepareIdentity(header.authorizationId);
    if (user === undefined && header.authorizationId !== "") {
      return failure("rejected", "The user name is too long or not allowed by SASLprep.");
    }
    const address = { host, port: port === undefined ? undefined : Number(port) };
    return tokenCredentials({ type: "token", mechanism: "OAUTHBEARER", token, user, ...address }, describe);
  });
}
