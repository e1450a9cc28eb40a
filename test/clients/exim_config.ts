/**
 * The configuration of a private Exim.
 *
 * @module
 */

import type { Auth, CertificateFiles, Mechanism, Target } from "./client.ts";

/** How Exim delivers. */
export interface EximOptions {
  /** Where everything goes, whatever its domain. */
  readonly relay: Target;
  /** Default: `smtp`. A Unix socket is always LMTP. */
  readonly protocol?: "smtp" | "lmtp";
  /** `none` ignores STARTTLS; the others insist. Default: `none`. */
  readonly tls?: "none" | "starttls" | "implicit";
  /** With it the server's certificate is verified, for `serverName`. */
  readonly ca?: string;
  /** Default: `localhost`. */
  readonly serverName?: string;
  readonly certificate?: CertificateFiles;
  readonly auth?: Auth;
  /** BDAT instead of DATA where CHUNKING is offered. Default: true, as in Exim itself. */
  readonly chunking?: boolean;
  /** A reply for each recipient where PRDR is offered. Default: true, as in Exim itself. */
  readonly prdr?: boolean;
  /** `send` lets its bounces go to the relay too; by default they are thrown away. */
  readonly bounces?: "send" | "discard";
  /** Further lines for the transport. */
  readonly transport?: readonly string[];
}

/** The name it says in EHLO. */
export const hostname = "relay.exim.test";

/** What Debian's light daemon has a driver for; `plaintext` can say any single line. */
export const mechanisms: readonly Mechanism[] = ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER", "EXTERNAL"];

/** The whole configuration file. `folder` holds the spool and the log. */
export function eximConfig(program: string, folder: string, options: EximOptions): string {
  return [
    `exim_path = ${program}`,
    `primary_hostname = ${hostname}`,
    `spool_directory = ${folder}/spool`,
    `log_file_path = ${folder}/log/%s`,
    `pid_file_path = ${folder}/exim.pid`,
    "log_selector = +smtp_confirmation +tls_certificate_verified +outgoing_port",
    "keep_environment =",
    "local_interfaces = 127.0.0.1",
    "disable_ipv6 = true",
    "host_lookup =",
    "tls_advertise_hosts =",
    "accept_8bitmime = true",
    "begin routers",
    ...(options.bounces === "send" ? [] : discardBounces),
    ...router(options),
    "begin transports",
    ...transport(options),
    "begin retry",
    "* * F,1h,1s",
    "begin authenticators",
    ...(options.auth ? authenticator(options.auth) : []),
    "",
  ].join("\n");
}

// Exim puts this field into the bounces that it writes.
const discardBounces = [
  "discard:",
  "driver = redirect",
  "condition = ${if def:h_X-Failed-Recipients:}",
  "data = :blackhole:",
];

function router({ relay }: EximOptions): string[] {
  if ("unix" in relay) return ["relay:", "driver = accept", "transport = relay"];
  const host = relay.host.includes(":") ? `"<; [${relay.host}]:${relay.port}"` : `${relay.host}::${relay.port}`;
  return ["relay:", "driver = manualroute", "transport = relay", `route_list = * ${host} byname`, "self = send"];
}

function transport(options: EximOptions): string[] {
  const { relay, tls = "none", serverName = "localhost", ca, certificate, auth } = options;
  if ("unix" in relay) return ["relay:", "driver = lmtp", `socket = ${relay.unix}`, "batch_max = 100"];
  const lines = [
    "relay:",
    "driver = smtp",
    `port = ${relay.port}`,
    "connect_timeout = 5s",
    "command_timeout = 10s",
    "allow_localhost",
  ];
  if (options.protocol === "lmtp") lines.push("protocol = lmtp");
  else if (tls === "implicit") lines.push("protocol = smtps");
  lines.push(tls === "none" ? "hosts_avoid_tls = *" : "hosts_require_tls = *");
  lines.push(`tls_sni = ${serverName}`);
  // Without tls_verify_hosts it looks at the certificate, and goes on whatever it thinks of it.
  if (ca) lines.push(`tls_verify_certificates = ${ca}`, "tls_verify_hosts = *");
  // It would compare with the address that it connected to; the tests' certificates name 127.0.0.1 too.
  lines.push(`tls_verify_cert_hostnames = ${ca ? "*" : ""}`);
  if (certificate) lines.push(`tls_certificate = ${certificate.cert}`, `tls_privatekey = ${certificate.key}`);
  if (auth) lines.push("hosts_require_auth = *");
  if (options.chunking === false) lines.push("hosts_try_chunking =");
  if (options.prdr === false) lines.push("hosts_try_prdr =");
  return [...lines, ...(options.transport ?? [])];
}

function authenticator({ mechanism, user, password }: Auth): string[] {
  const name = `public_name = ${mechanism}`;
  if (mechanism === "CRAM-MD5") {
    return [
      "client:",
      "driver = cram_md5",
      name,
      `client_name = ${literal(user)}`,
      `client_secret = ${literal(password)}`,
    ];
  }
  if (mechanism === "EXTERNAL") return ["client:", "driver = external", name, `client_send = ${literal(user)}`];
  return ["client:", "driver = plaintext", name, `client_send = ${plaintext(mechanism, user, password)}`];
}

function plaintext(mechanism: Mechanism, user: string, password: string): string {
  switch (mechanism) {
    case "PLAIN":
      return `^${item(user)}^${item(password)}`;
    case "LOGIN":
      // An empty first item: no initial response.
      return `: ${item(user)} : ${item(password)}`;
    case "XOAUTH2":
      return `${item("user=" + user)}\\x01${item("auth=Bearer " + password)}\\x01\\x01`;
    case "OAUTHBEARER":
      return `${item("n,a=" + user + ",")}\\x01${item("auth=Bearer " + password)}\\x01\\x01`;
    default:
      throw new TypeError(`Exim's light daemon cannot do AUTH ${mechanism}`);
  }
}

/** Text in a list whose items are expanded: a colon would end it, and a caret would become a NUL. */
function item(text: string): string {
  return literal(text.replaceAll(":", "::").replaceAll("^", "^^"));
}

function literal(text: string): string {
  return `\\N${text}\\N`;
}
