import type { Mechanism, Step } from "./mechanism.ts";
import { decodeUtf8, prepareIdentity } from "./identity.ts";
import { passwordCredentials } from "./password.ts";
import { bounded, challenge, failure } from "./step.ts";

/**
 * LOGIN, which no RFC describes: a user name and a password, asked for one after the other. Only for encrypted
 * connections, and only for clients that know no better.
 *
 * The server speaks first, but clients do send the user name as the initial response, and servers take it.
 * The prompts are the ones that some clients insist on (draft-murchison-sasl-login-00 section 2.2).
 */
export const login: Mechanism = {
  name: "LOGIN",
  clientFirst: true,
  start(context, initialResponse) {
    const takeUser = (response: Uint8Array): Step => {
      const user = decodeUtf8(response);
      if (user === undefined) return failure("malformed", "The user name is not UTF-8.");
      // Refused before the password is asked for: one that does not arrive cannot leak.
      if (prepareIdentity(user) === undefined) {
        return failure("rejected", "The user name is empty, too long, or not allowed by SASLprep.");
      }
      return challenge("Password:", (answer) => {
        const password = decodeUtf8(answer);
        if (password === undefined) return failure("malformed", "The password is not UTF-8.");
        return passwordCredentials("LOGIN", context, { user, password, authorizationId: "" });
      });
    };
    return initialResponse === undefined ? challenge("Username:", takeUser) : bounded(initialResponse, takeUser);
  },
};
