/** The flags of `serve` about encryption, and about who may log in, and how. */

import type { Flag } from "./flags.ts";
import { count, oneOf, onOrOff, pem, seconds, secondsOrNone, text } from "./kind.ts";

/** AUTH (RFC 4954). */
export const authentication: readonly Flag[] = [
  {
    name: "allow-insecure-auth",
    sets: "allowInsecureAuth",
    kind: onOrOff,
    default: "false",
    help: "offer AUTH without encryption",
  },
  {
    name: "max-auth-failures",
    sets: "limits.authFailures",
    kind: count,
    default: "3",
    help: "failed logins in one session",
  },
  {
    name: "max-auth-failures-per-address",
    sets: "limits.authFailuresPerAddress",
    kind: count,
    default: "30",
    help: "failed logins of one address within the window",
  },
  {
    name: "auth-failure-window",
    sets: "limits.authFailureWindow",
    kind: seconds,
    default: "600",
    help: "how long a failed login counts against its address",
  },
  {
    name: "auth-failure-delay",
    sets: "timeouts.authFailureDelay",
    kind: secondsOrNone,
    default: "1",
    help: "before a failed login is answered, times the number of failures",
  },
];

/** TLS: STARTTLS (RFC 3207), or from the first octet (RFC 8314). The certificate is read again when its files change. */
export const encryption: readonly Flag[] = [
  { name: "tls-cert", sets: "tls.cert", kind: pem, help: "the certificate and its intermediates, PEM" },
  { name: "tls-key", sets: "tls.key", kind: pem, help: "its private key, PEM" },
  {
    name: "tls-passphrase",
    sets: "tls.passphrase",
    kind: text("TEXT"),
    help: "opens an encrypted key; better given by its twin in the environment",
    isSecret: true,
  },
  {
    name: "tls-min-version",
    sets: "tls.minVersion",
    kind: oneOf("TLSv1.2", "TLSv1.3"),
    default: "TLSv1.2",
    help: "the oldest version spoken",
  },
  { name: "tls-ca", sets: "tls.ca", kind: pem, help: "the authorities of clients' certificates, PEM" },
  {
    name: "tls-request-cert",
    sets: "tls.requestCert",
    kind: onOrOff,
    default: "false",
    help: "ask clients for a certificate",
  },
  {
    name: "implicit-tls",
    sets: "implicitTls",
    kind: onOrOff,
    default: "false",
    help: "TLS from the first octet, as on port 465",
  },
  {
    name: "require-tls",
    sets: "requireTls",
    kind: onOrOff,
    default: "false",
    help: "no mail without TLS; not for port 25, where some senders have none",
  },
  {
    name: "require-auth",
    sets: "requireAuth",
    kind: onOrOff,
    default: "false",
    help: "no mail before a login",
  },
  {
    name: "handshake-timeout",
    sets: "timeouts.handshake",
    kind: seconds,
    default: "30",
    help: "for a TLS handshake",
  },
];
