import { randomBytes } from "node:crypto";
import type { Mechanism, MechanismContext, Step, Success } from "./mechanism.ts";
import { encodeBase64 } from "./base64.ts";
import { isChannelBindingType } from "./channel-binding.ts";
import { digest, equal, hmac, type ScramHash } from "./digest.ts";
import type { Gs2Header } from "./gs2-header.ts";
import { decodeUtf8, prepareIdentities } from "./identity.ts";
import { areScramCredentials, type ScramCredentials } from "./scram-credentials.ts";
import { decoyCredentials, type DecoyOptions } from "./scram-decoy.ts";
import { type ClientFinal, type ClientFirst, parseClientFinal, parseClientFirst } from "./scram-message.ts";
import { challenge, clientFirst, failure } from "./step.ts";

/** Which of the SCRAM mechanisms, and how it hides which users exist. */
export interface ScramOptions {
  /** Of the mechanism, and of the credentials it takes. */
  readonly hash: ScramHash;
  /** Whether it is the `-PLUS` variant, which binds the exchange to the TLS connection. Default: false. */
  readonly plus?: boolean;
  /** How exchanges go on for users that do not exist. */
  readonly decoy?: DecoyOptions;
}

/**
 * SCRAM-SHA-1, SCRAM-SHA-256 and their `-PLUS` variants (RFC 5802, RFC 7677): the password is proven and never sent,
 * and the server proves in turn that it knows the user.
 */
export function scram(options: ScramOptions): Mechanism {
  const { hash, plus = false, decoy } = options;
  const mechanism = `SCRAM-${hash}${plus ? "-PLUS" : ""}`;
  return clientFirst(mechanism, (context, response): Step => {
    const first = parseClientFirst(decodeUtf8(response) ?? "");
    if (first === undefined) {
      return failure(
        "malformed",
        "Not a client-first-message, or one with a mandatory extension (RFC 5802 section 7).",
      );
    }
    const expectedBinding = channelBindingInput(context, first.header, plus);
    if (typeof expectedBinding === "string") return failure("rejected", expectedBinding);
    const identities = prepareIdentities(context, first.user, first.header.authorizationId);
    if (typeof identities === "string") return failure("rejected", identities);
    return {
      type: "lookup",
      secret: "scram",
      mechanism,
      hash,
      ...identities,
      resume(found: ScramCredentials | undefined): Step {
        // Made in any case, so that the time to the challenge does not depend on whether the user exists.
        const madeUp = decoyCredentials(hash, identities.user, decoy);
        const usable = found !== undefined && areScramCredentials(found, hash);
        const success: Success = { type: "success", ...identities };
        return prove({ first, expectedBinding, context, success, credentials: usable ? found : madeUp, usable });
      },
    };
  });
}

/** All that the second half of an exchange depends on. */
interface Proving {
  readonly first: ClientFirst;
  readonly expectedBinding: Uint8Array;
  readonly context: MechanismContext;
  readonly success: Success;
  readonly credentials: ScramCredentials;
  /** Whether the credentials are the user's, and not made up. */
  readonly usable: boolean;
}

/** Sends the server-first-message and judges the client-final-message. */
function prove(proving: Proving): Step {
  const { first, expectedBinding, context, success, credentials, usable } = proving;
  const { hash, salt, iterations } = credentials;
  const nonce = first.nonce + (context.nonce?.() ?? encodeBase64(randomBytes(18)));
  const serverFirst = `r=${nonce},s=${encodeBase64(salt)},i=${iterations}`;
  return challenge(serverFirst, (response): Step => {
    const final = parseClientFinal(decodeUtf8(response) ?? "");
    if (final === undefined) return failure("malformed", "Not a client-final-message (RFC 5802 section 7).");
    if (final.nonce !== nonce) return failure("rejected", "The nonce is not the one that was sent.");
    if (!equal(final.channelBinding, expectedBinding)) {
      return failure("rejected", "The channel binding does not match: the client is at the end of another connection.");
    }
    const authMessage = `${first.bare},${serverFirst},${final.withoutProof}`;
    // Both are evaluated: a made-up user takes as long as a real one.
    const proven = isProven(credentials, authMessage, final);
    if (!usable) return failure("rejected", `The application has no SCRAM credentials of ${hash} for the user.`);
    if (!proven) return failure("rejected", "The proof does not match.");
    const verifier = encodeBase64(hmac(hash, credentials.serverKey, authMessage));
    // SMTP has no place for data beside a 235, so they go as one more challenge, which the client answers with nothing.
    return challenge(`v=${verifier}`, (answer) => {
      return answer.length === 0
        ? success
        : failure("malformed", "An answer to the server-final-message must be empty.");
    });
  });
}

/** Whether H(ClientProof XOR ClientSignature) is the stored key (RFC 5802 section 3). */
function isProven(credentials: ScramCredentials, authMessage: string, { proof }: ClientFinal): boolean {
  const { hash, storedKey } = credentials;
  const signature = hmac(hash, storedKey, authMessage);
  if (proof.length !== signature.length) return false;
  const clientKey = signature.map((byte, index) => byte ^ (proof[index] ?? 0));
  return equal(digest(hash, clientKey), storedKey);
}

/**
 * What the client's `c=` must hold: `cbind-input` of RFC 5802 section 7, the GS2 header and the binding data.
 * Gives the reason, a string, if what the client says of channel binding does not go with the mechanism (section 6).
 */
function channelBindingInput(context: MechanismContext, header: Gs2Header, plus: boolean): Uint8Array | string {
  const start = new TextEncoder().encode(header.text);
  if (!plus) {
    if (header.flag === "p") return "The client binds the channel, which needs the -PLUS mechanism.";
    if (header.flag === "y" && context.channelBinding !== undefined) {
      return "The client could bind the channel but believes that the server cannot: somebody may have told it so.";
    }
    return start;
  }
  const { bindingType } = header;
  if (bindingType === undefined) return "The client does not bind the channel, which a -PLUS mechanism is for.";
  const data = isChannelBindingType(bindingType) ? context.channelBinding?.(bindingType) : undefined;
  if (data === undefined || data.length === 0) return "The connection has no channel binding of the type asked for.";
  const input = new Uint8Array(start.length + data.length);
  input.set(start);
  input.set(data, start.length);
  return input;
}
