/** `base64` of RFC 5802 section 7: whole groups of four, padded, and nothing else. */
const syntax = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Decodes base64; `undefined` if it is malformed. */
export function decodeBase64(text: string): Uint8Array | undefined {
  return syntax.test(text) ? Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0)) : undefined;
}

/** Encodes base64. */
export function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
