import type { Mechanism } from "./mechanism.ts";
import { decodeUtf8 } from "./identity.ts";
import { passwordCredentials } from "./password.ts";
import { clientFirst, failure } from "./step.ts";

/** PLAIN (RFC 4616): authorization identity, user name and password in one message. Only for encrypted connections. */
export const plain: Mechanism = clientFirst("PLAIN", (context, response) => {
  const fields = decodeUtf8(response)?.split("\0");
  if (fields === undefined) return failure("malformed", "The message is not UTF-8.");
  const [authorizationId, user, password] = fields;
  if (fields.length !== 3 || authorizationId === undefined || user === undefined || password === undefined) {
    return failure("malformed", `The message has ${fields.length} fields; PLAIN has three (RFC 4616 section 2).`);
  }
  return passwordCredentials("PLAIN", context, { user, password, authorizationId });
});
