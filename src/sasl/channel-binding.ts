import { createHash } from "node:crypto";

/**
 * The channel bindings that SCRAM's `-PLUS` mechanisms can use here.
 * - `tls-exporter` (RFC 9266): 32 bytes exported from the TLS session with the label `EXPORTER-Channel-Binding` and an
 *   empty context. In Node and Bun: `tlsSocket.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0))`.
 *   Under TLS 1.2 only with the extended master secret (RFC 9266).
 * - `tls-server-end-point` (RFC 5929 section 4): a hash of the server's certificate, see {@linkcode tlsServerEndPoint}.
 *
 * `tls-unique` is not among them: it is undefined for TLS 1.3 (RFC 8446 appendix C.5).
 */
export type ChannelBindingType = "tls-exporter" | "tls-server-end-point";

/** Whether this is the name of a {@linkcode ChannelBindingType}. */
export function isChannelBindingType(name: string): name is ChannelBindingType {
  return name === "tls-exporter" || name === "tls-server-end-point";
}

/**
 * Signature algorithms, by the hexadecimal of their object identifier's content, and the hash that RFC 5929
 * section 4.1 has for them: their own, but SHA-256 in place of MD5 and SHA-1.
 */
const hashes: ReadonlyMap<string, string> = new Map([
  ["2a864886f70d010104", "sha256"], // md5WithRSAEncryption
  ["2a864886f70d010105", "sha256"], // sha1WithRSAEncryption
  ["2a864886f70d01010e", "sha224"], // sha224WithRSAEncryption
  ["2a864886f70d01010b", "sha256"], // sha256WithRSAEncryption
  ["2a864886f70d01010c", "sha384"], // sha384WithRSAEncryption
  ["2a864886f70d01010d", "sha512"], // sha512WithRSAEncryption
  ["2a8648ce3d0401", "sha256"], // ecdsa-with-SHA1
  ["2a8648ce3d040301", "sha224"], // ecdsa-with-SHA224
  ["2a8648ce3d040302", "sha256"], // ecdsa-with-SHA256
  ["2a8648ce3d040303", "sha384"], // ecdsa-with-SHA384
  ["2a8648ce3d040304", "sha512"], // ecdsa-with-SHA512
]);

/**
 * The `tls-server-end-point` channel binding of a server's certificate (RFC 5929 section 4.1).
 *
 * @param certificate The certificate that this connection's client was shown, in DER. With several certificates
 * (SNI), it must be the one that was chosen.
 * @returns `undefined` if the binding is not defined for the certificate's signature algorithm, as for Ed25519, or if
 * the algorithm is unknown here, as RSASSA-PSS, or the bytes are no certificate.
 *
 * ```ts
 * import { X509Certificate } from "node:crypto";
 * import { rootCertificates } from "node:tls";
 *
 * const endPoint = tlsServerEndPoint(new X509Certificate(rootCertificates[0]!).raw);
 * const context = { channelBinding: (type: string) => type === "tls-server-end-point" ? endPoint : undefined };
 * ```
 */
export function tlsServerEndPoint(certificate: Uint8Array): Uint8Array | undefined {
  // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { algorithm OBJECT IDENTIFIER, … }, … }
  const outer = element(certificate, 0, 0x30);
  const signed = outer && element(certificate, outer.start, 0x30);
  const algorithm = signed && element(certificate, signed.end, 0x30);
  const identifier = algorithm && element(certificate, algorithm.start, 0x06);
  if (outer === undefined || identifier === undefined || outer.end !== certificate.length) return undefined;
  const name = Array.from(
    certificate.subarray(identifier.start, identifier.end),
    (byte) => byte.toString(16).padStart(2, "0"),
  );
  const hash = hashes.get(name.join(""));
  return hash === undefined ? undefined : new Uint8Array(createHash(hash).update(certificate).digest());
}

/** Where the content of the DER element at `offset` lies; `undefined` if there is none of that tag. */
function element(der: Uint8Array, offset: number, tag: number): { start: number; end: number } | undefined {
  const first = der[offset + 1];
  if (der[offset] !== tag || first === undefined) return undefined;
  let start = offset + 2;
  let length = first;
  if (first >= 0x80) {
    const bytes = der.subarray(start, start += first - 0x80);
    if (bytes.length === 0 || bytes.length > 3) return undefined;
    length = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  }
  return start + length <= der.length ? { start, end: start + length } : undefined;
}
