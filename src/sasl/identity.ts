import type { MechanismContext } from "./mechanism.ts";
import { saslprep } from "./saslprep.ts";

/** RFC 4616 section 2 asks for 255 bytes at least. Four times that, in UTF-16 code units. */
const longestIdentity = 1_020;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes UTF-8; `undefined` if it is malformed. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Prepares the name of a user or an authorization identity. Gives `undefined` if it is empty, too long, or holds
 * control characters or anything else that SASLprep prohibits.
 */
export function prepareIdentity(name: string): string | undefined {
  if (name.length > longestIdentity) return undefined;
  const prepared = saslprep(name);
  return prepared === undefined || prepared === "" ? undefined : prepared;
}

/** What {@linkcode prepareIdentities} gives. */
export interface Identities {
  readonly user: string;
  /** `undefined` if the client wants to act as itself. */
  readonly authorizationId: string | undefined;
}

/**
 * Prepares a user name and the authorization identity beside it; an empty one means the user's own.
 * Gives the reason, a string, if either is bad or if the client may not ask for another identity.
 */
export function prepareIdentities(
  context: MechanismContext,
  user: string,
  authorizationId: string,
): Identities | string {
  const preparedUser = prepareIdentity(user);
  if (preparedUser === undefined) return "The user name is empty, too long, or not allowed by SASLprep.";
  if (authorizationId === "") return { user: preparedUser, authorizationId: undefined };
  const preparedId = prepareIdentity(authorizationId);
  if (preparedId === undefined) return "The authorization identity is too long or not allowed by SASLprep.";
  if (preparedId === preparedUser) return { user: preparedUser, authorizationId: undefined };
  if (context.allowAuthorizationId !== true) return "The client asked to act as another user, which is not enabled.";
  return { user: preparedUser, authorizationId: preparedId };
}
