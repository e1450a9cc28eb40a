import type { Mechanism } from "./mechanism.ts";
import { decodeUtf8, prepareIdentity } from "./identity.ts";
import { clientFirst, failure } from "./step.ts";

/**
 * EXTERNAL (RFC 4422 appendix A): the client is who its certificate says, and may name whom it wants to act as.
 * Whether it may is the application's to decide, always: a certificate's subject is seldom a user name.
 */
export const external: Mechanism = clientFirst("EXTERNAL", (context, response) => {
  const user = context.externalIdentity;
  if (user === undefined || user === "") {
    return failure(
      "rejected",
      "Nothing outside SASL says who the client is; it sent no certificate that was verified.",
    );
  }
  let authorizationId: string | undefined;
  if (response.length > 0) {
    const sent = decodeUtf8(response);
    if (sent === undefined) return failure("malformed", "The authorization identity is not UTF-8.");
    authorizationId = prepareIdentity(sent);
    if (authorizationId === undefined) {
      return failure("rejected", "The authorization identity is too long or not allowed by SASLprep.");
    }
  }
  return {
    type: "credentials",
    credentials: { type: "external", mechanism: "EXTERNAL", user, authorizationId },
    accept: (accepted = user) => ({ type: "success", user: accepted, authorizationId }),
    refuse: () => failure("rejected", "The application refused the external identity."),
  };
});
