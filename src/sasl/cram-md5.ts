import { randomBytes } from "node:crypto";
import type { Mechanism, Step } from "./mechanism.ts";
import { equal, hmac } from "./digest.ts";
import { decodeUtf8, prepareIdentities } from "./identity.ts";
import { challenge, failure } from "./step.ts";

/** Stands in for the password of a user that does not exist. Nobody can know it. */
let unknownPassword: Uint8Array | undefined;

/**
 * CRAM-MD5 (RFC 2195). The server must have the password in clear, and MD5 is old: offer it only to clients that can
 * do nothing better. The server speaks first.
 */
export const cramMd5: Mechanism = {
  name: "CRAM-MD5",
  clientFirst: false,
  start(context, initialResponse) {
    if (initialResponse !== undefined) {
      return failure("unexpected-initial-response", "The server speaks first in CRAM-MD5 (RFC 4954 section 4).");
    }
    const nonce = context.nonce?.() ?? randomBytes(18).toString("hex");
    const text = `<${nonce}@${context.hostname ?? "localhost"}>`;
    return challenge(text, (response): Step => {
      // A user name may have spaces in it, so the last one is the separator.
      const [, sentUser, sentDigest] = /^(.*) ([0-9a-f]{32})$/s.exec(decodeUtf8(response) ?? "") ?? [];
      if (sentUser === undefined || sentDigest === undefined) {
        return failure("malformed", "The response is not a user name, a space and a digest (RFC 2195 section 2).");
      }
      const identities = prepareIdentities(context, sentUser, "");
      if (typeof identities === "string") return failure("rejected", identities);
      const { user, authorizationId } = identities;
      return {
        type: "lookup",
        secret: "password",
        mechanism: "CRAM-MD5",
        user,
        authorizationId,
        resume(password) {
          const expected = hmac("MD5", password ?? (unknownPassword ??= randomBytes(32)), text);
          const matches = equal(expected, decodeHex(sentDigest));
          if (password === undefined) return failure("rejected", "The application has no password for the user.");
          if (password === "") return failure("rejected", "The application has an empty password for the user.");
          if (!matches) return failure("rejected", "The digest does not match.");
          return { type: "success", user, authorizationId };
        },
      };
    });
  },
};

function decodeHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
