/** The certificates of a server: which one a client is shown, and how they are exchanged for newer ones. */

import { createSecureContext, type SecureContext } from "node:tls";
import { isDomain } from "../protocol/domain.ts";
import type { CertificateOptions, TlsOptions } from "./options.ts";
import { certificatesIn, privateKeyIn, readPem } from "./pem.ts";

/** A certificate with its key, ready for handshakes. */
export interface Identity {
  readonly context: SecureContext;
  /** The certificate that clients are shown, in DER. */
  readonly certificate: Uint8Array;
}

/** All that a handshake needs. It stays as it is; newer certificates come with a new one. */
export interface CredentialSet {
  /** Shown to clients that ask for no name, or for one that is not among `names`. */
  readonly fallback: Identity;
  /** By lower-case host name; `*.` stands for one label. */
  readonly names: ReadonlyMap<string, Identity>;
  readonly requestCert: boolean;
  /** Whether there are authorities to verify client certificates with. */
  readonly hasAuthorities: boolean;
}

/** The credentials of a running server. Handshakes under way, and sessions, keep those they began with. */
export class Credentials {
  current: CredentialSet;

  constructor(current: CredentialSet) {
    this.current = current;
  }
}

/** The identity for a name: exact, then by wildcard, then the fallback. */
export function identityFor({ fallback, names }: CredentialSet, serverName: string | undefined): Identity {
  if (serverName === undefined || names.size === 0) return fallback;
  const name = serverName.toLowerCase();
  return names.get(name) ?? names.get(name.replace(/^[^.]+/, "*")) ?? fallback;
}

/**
 * Reads certificates and keys, and sees to it that they belong together.
 *
 * @throws {TypeError} for what is no certificate, no key, or not each other's; {Error} for files that cannot be read.
 */
export async function loadCredentials(options: TlsOptions): Promise<CredentialSet> {
  const { minVersion = "TLSv1.2", ciphers, requestCert = false, ca = [] } = options;
  if (minVersion !== "TLSv1.2" && minVersion !== "TLSv1.3") {
    throw new TypeError(`Cannot serve TLS with tls.minVersion "${minVersion}": it is "TLSv1.2" or "TLSv1.3"`);
  }
  const authorities: string[] = [];
  for (const each of [ca].flat()) {
    authorities.push(...certificatesIn(await readPem("tls.ca", each)).map((certificate) => certificate.toString()));
  }
  const shared = {
    minVersion,
    // A client that comes back with an old session is refused without it, if it was asked for a certificate.
    sessionIdContext: "postern",
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(authorities.length === 0 ? {} : { ca: authorities }),
  } as const;
  const names = new Map<string, Identity>();
  for (const [name, certificate] of Object.entries(options.sni ?? {})) {
    if (!isDomain(name.replace(/^\*\./, ""))) {
      throw new TypeError(
        `Cannot serve TLS for "${name}": tls.sni has host names, as "mx.example.com" or "*.example.com"`,
      );
    }
    names.set(name.toLowerCase(), await loadIdentity(`tls.sni["${name}"]`, certificate, shared));
  }
  const fallback = await loadIdentity("tls", options, shared);
  return { fallback, names, requestCert, hasAuthorities: authorities.length > 0 };
}

async function loadIdentity(name: string, options: CertificateOptions, shared: object): Promise<Identity> {
  const { cert, key, passphrase } = options;
  if (typeof cert !== "string" || typeof key !== "string") {
    throw new TypeError(
      `Cannot serve TLS: ${name}.cert and ${name}.key are PEM text or file paths, and both are needed`,
    );
  }
  const certificatePem = await readPem(`${name}.cert`, cert);
  const keyPem = await readPem(`${name}.key`, key);
  const certificates = certificatesIn(certificatePem);
  const { pem, key: privateKey } = privateKeyIn(keyPem, passphrase);
  const [own] = certificates as [typeof certificates[0]];
  if (!own.checkPrivateKey(privateKey)) {
    throw new TypeError(
      `Cannot use ${keyPem.name}: the key does not belong to the certificate in ${certificatePem.name}`,
    );
  }
  const context = secureContext(name, {
    ...shared,
    cert: certificates.map((certificate) => certificate.toString()).join(""),
    key: pem,
  });
  return { context, certificate: new Uint8Array(own.raw) };
}

function secureContext(name: string, options: object): SecureContext {
  try {
    return createSecureContext(options);
  } catch (cause) {
    const { code, message } = cause as { code?: string; message?: string };
    const reason = code === "ERR_SSL_NO_CIPHER_MATCH"
      ? "tls.ciphers names no cipher suite that is known here"
      : message;
    throw new TypeError(`Cannot serve TLS with ${name}: ${reason}`, { cause });
  }
}
