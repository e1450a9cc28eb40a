import { decodeBase64 } from "./base64.ts";
import { decodeSaslName, type Gs2Header, parseGs2Header } from "./gs2-header.ts";

/** `client-first-message` of RFC 5802 section 7. */
export interface ClientFirst {
  readonly header: Gs2Header;
  /** Decoded. */
  readonly user: string;
  readonly nonce: string;
  /** The message without the GS2 header, as sent: it goes into the proof. */
  readonly bare: string;
}

/** `client-final-message` of RFC 5802 section 7. */
export interface ClientFinal {
  readonly channelBinding: Uint8Array;
  readonly nonce: string;
  readonly proof: Uint8Array;
  /** The message up to the proof, as sent: it goes into the proof. */
  readonly withoutProof: string;
}

/**
 * Extensions at the end of a message. Unknown ones are ignored; an attribute that RFC 5802 gives a meaning and a
 * place is no extension, and `m`, a mandatory extension, must make the exchange fail (section 5.1).
 */
const extensions = "((?:,(?![aceimnprsv]=)[A-Za-z]=[^,]+)*)";
const printable = "[\\x21-\\x2B\\x2D-\\x7E]+";
const clientFirstBare = new RegExp(`^n=((?:[^,=]|=2C|=3D)+),r=(${printable})${extensions}$`, "u");
const clientFinal = new RegExp(`^(c=([^,]+),r=(${printable})${extensions}),p=([^,]+)$`, "u");

/** Reads a `client-first-message`; `undefined` if it is malformed or asks for a mandatory extension. */
export function parseClientFirst(message: string): ClientFirst | undefined {
  if (message.includes("\0")) return undefined;
  const header = parseGs2Header(message);
  if (header === undefined) return undefined;
  const bare = message.slice(header.text.length);
  const [, name, nonce] = clientFirstBare.exec(bare) ?? [];
  if (name === undefined || nonce === undefined) return undefined;
  return { header, user: decodeSaslName(name), nonce, bare };
}

/** Reads a `client-final-message`; `undefined` if it is malformed. */
export function parseClientFinal(message: string): ClientFinal | undefined {
  if (message.includes("\0")) return undefined;
  const [, withoutProof, binding, nonce, , encodedProof] = clientFinal.exec(message) ?? [];
  if (withoutProof === undefined || binding === undefined || nonce === undefined || encodedProof === undefined) {
    return undefined;
  }
  const channelBinding = decodeBase64(binding);
  const proof = decodeBase64(encodedProof);
  return channelBinding && proof && { channelBinding, nonce, proof, withoutProof };
}
