/** What `serve()` takes to encrypt connections; the same on every runtime. */

/** A certificate and its key. Each is PEM text, or the path of a file with it. */
export interface CertificateOptions {
  /** The server's certificate, then its intermediates, in that order. */
  readonly cert: string;
  /** The private key. It may stand in the same file as the certificate. */
  readonly key: string;
  /** Opens an encrypted key. */
  readonly passphrase?: string;
}

/**
 * TLS for STARTTLS (RFC 3207) and implicit TLS (RFC 8314 section 3).
 *
 * @example
 * ```ts
 * import type { TlsOptions } from "postern";
 *
 * const tls: TlsOptions = {
 *   cert: "/etc/ssl/mx.example.com/fullchain.pem",
 *   key: "/etc/ssl/mx.example.com/privkey.pem",
 *   sni: {
 *     "*.example.net": { cert: "/etc/ssl/example.net/fullchain.pem", key: "/etc/ssl/example.net/privkey.pem" },
 *   },
 * };
 * console.log(Object.keys(tls.sni ?? {}));
 * ```
 */
export interface TlsOptions extends CertificateOptions {
  /** Other certificates by the host name a client asks for: `mx.example.net`, or `*.example.net` for one label more. */
  readonly sni?: Readonly<Record<string, CertificateOptions>>;
  /** The oldest version spoken. Default `TLSv1.2`; what is older is not offered on any runtime (RFC 8996). */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** The cipher suites of TLS 1.2, as OpenSSL writes them. Default: the runtime's. Deno has a fixed set and ignores it. */
  readonly ciphers?: string;
  /**
   * Asks clients for a certificate. One that has none, or a strange one, is let in all the same:
   * `session.tls.peerCertificate` tells what was shown, for handlers to judge.
   */
  readonly requestCert?: boolean;
  /** The authorities whose client certificates count as verified: PEM text or file paths. Default: none. */
  readonly ca?: string | readonly string[];
}
