/** The start of a message of SCRAM and of OAUTHBEARER. */
export interface Gs2Header {
  /** `n`: the client cannot bind channels. `y`: it could, but thinks that the server cannot. `p`: it does. */
  readonly flag: "n" | "y" | "p";
  /** The name of the channel binding type, if the flag is `p`. */
  readonly bindingType: string | undefined;
  /** Decoded; empty if absent. */
  readonly authorizationId: string;
  /** The header as sent, with its last comma. */
  readonly text: string;
}

/**
 * `gs2-header` of RFC 5802 section 7, at the start of `message`; but an authorization identity may be empty. GNU SASL
 * sends it so for a client that acts as itself, and it can mean nothing else.
 */
const gs2Header = /^(?:([ny])|p=([A-Za-z0-9.-]+)),(?:a=((?:[^,=]|=2C|=3D)*))?,/u;

/** Reads the GS2 header at the start of `message`; `undefined` if there is none. */
export function parseGs2Header(message: string): Gs2Header | undefined {
  const match = gs2Header.exec(message);
  if (match === null) return undefined;
  const [text, flag, bindingType, name = ""] = match;
  return { flag: flag === "n" || flag === "y" ? flag : "p", bindingType, authorizationId: decodeSaslName(name), text };
}

/** Undoes the escapes of a `saslname` (RFC 5802 section 5.1). */
export function decodeSaslName(name: string): string {
  return name.replaceAll("=2C", ",").replaceAll("=3D", "=");
}
