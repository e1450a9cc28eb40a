import type { CredentialsStep, Failure, MechanismContext, PasswordCredentials } from "./mechanism.ts";
import { prepareIdentities } from "./identity.ts";
import { failure } from "./step.ts";

/**
 * The last step of PLAIN and LOGIN: a user name and a password for the application to judge.
 *
 * The password is neither empty nor holds control characters (RFC 4616 section 2, RFC 8265 section 4.2) but is
 * otherwise left alone: SASLprep would change `²` to `2`, and a hash of the password as it was typed would not match.
 */
export function passwordCredentials(
  mechanism: PasswordCredentials["mechanism"],
  context: MechanismContext,
  sent: { readonly user: string; readonly password: string; readonly authorizationId: string },
): CredentialsStep | Failure {
  const identities = prepareIdentities(context, sent.user, sent.authorizationId);
  if (typeof identities === "string") return failure("rejected", identities);
  if (sent.password === "") return failure("rejected", "The password is empty.");
  if (/\p{Cc}/u.test(sent.password)) return failure("rejected", "The password holds control characters.");
  return {
    type: "credentials",
    credentials: { type: "password", mechanism, ...identities, password: sent.password },
    accept: (user = identities.user) => ({ type: "success", user, authorizationId: identities.authorizationId }),
    refuse: () => failure("rejected", "The application refused the user name and password."),
  };
}
