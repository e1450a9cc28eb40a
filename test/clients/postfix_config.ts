/**
 * The configuration of a private Postfix: what main.cf and master.cf say.
 *
 * @module
 */

import type { Auth, CertificateFiles, Mechanism, Target } from "./client.ts";

/** How Postfix delivers, and how fast it tries again. */
export interface PostfixOptions {
  /** Where everything goes, whatever its domain. */
  readonly relay: Target;
  /** The protocol spoken to it. Default: `smtp`. */
  readonly protocol?: "smtp" | "lmtp";
  /** `smtp_tls_security_level`. Default: `none`. */
  readonly tlsLevel?: "none" | "may" | "encrypt" | "verify" | "secure";
  /** TLS from the first byte. */
  readonly implicitTls?: boolean;
  /** The authorities that `verify` and `secure` trust, and the name that `secure` wants to see. */
  readonly ca?: string;
  readonly serverName?: string;
  readonly certificate?: CertificateFiles;
  /** Authenticates, by this mechanism only; `mechanisms` overrides the choice. */
  readonly auth?: Auth;
  readonly mechanisms?: readonly Mechanism[];
  /** Also takes mail by SMTP from 127.0.0.1 on this port. */
  readonly listen?: number;
  /** Seconds between tries. Default: 1 to 2. */
  readonly retrySeconds?: { readonly least: number; readonly most: number };
  /** `send` lets its bounces go to the relay too; by default they are thrown away. */
  readonly bounces?: "send" | "discard";
  /** Further lines of main.cf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Further lines of master.cf. */
  readonly services?: readonly string[];
}

/** The folders of one instance; all are below one temporary folder. */
export interface PostfixFolders {
  readonly config: string;
  readonly queue: string;
  readonly data: string;
  readonly log: string;
}

/** The name it says in EHLO. */
export const hostname = "relay.postfix.test";

/** The lines of main.cf. */
export function mainCf(folders: PostfixFolders, options: PostfixOptions): string {
  const retry = options.retrySeconds ?? { least: 1, most: 2 };
  const settings: Record<string, string> = {
    compatibility_level: "3.7",
    queue_directory: folders.queue,
    data_directory: folders.data,
    maillog_file: folders.log,
    maillog_file_prefixes: folders.config.slice(0, folders.config.lastIndexOf("/")),
    myhostname: hostname,
    myorigin: hostname,
    mydestination: "",
    mynetworks: "127.0.0.0/8",
    inet_interfaces: "127.0.0.1",
    inet_protocols: "ipv4",
    // No name is looked up: the relay is an address, and no mail goes anywhere else.
    smtp_dns_support_level: "disabled",
    smtp_host_lookup: "native",
    lmtp_host_lookup: "native",
    alias_maps: "",
    alias_database: "",
    local_transport: "error:no local mail",
    default_transport: nexthop(options),
    smtpd_relay_restrictions: "permit_mynetworks, reject",
    minimal_backoff_time: `${retry.least}s`,
    maximal_backoff_time: `${retry.most}s`,
    queue_run_delay: `${retry.least}s`,
    smtp_connect_timeout: "5s",
    smtp_helo_timeout: "10s",
    smtp_tls_loglevel: "1",
    ...tlsSettings(options),
    ...saslSettings(folders, options),
    ...(options.bounces === "send" ? {} : discardBounces),
    ...options.settings,
  };
  return Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`).join("");
}

// Its bounces come from this author, whose address is completed only after the checks.
const discardBounces = {
  internal_mail_filter_classes: "bounce",
  header_checks: "regexp:{{/^From: Mail Delivery System <MAILER-DAEMON>/ DISCARD bounce}}",
};

function nexthop(options: PostfixOptions): string {
  const { relay, protocol = "smtp" } = options;
  if (!("unix" in relay)) return `${protocol}:${protocol === "lmtp" ? "inet:" : ""}[${relay.host}]:${relay.port}`;
  if (protocol === "smtp") throw new TypeError("Postfix speaks LMTP, not SMTP, to a Unix socket");
  return `lmtp:unix:${relay.unix}`;
}

function tlsSettings(options: PostfixOptions): Record<string, string> {
  const level = options.tlsLevel ?? "none";
  const tls: Record<string, string> = { tls_security_level: level };
  if (options.implicitTls) tls.tls_wrappermode = "yes";
  if (options.ca) tls.tls_CAfile = options.ca;
  if (options.serverName) {
    tls.tls_verify_cert_match = options.serverName;
    tls.tls_secure_cert_match = options.serverName;
    tls.tls_servername = options.serverName;
  }
  if (options.certificate) {
    tls.tls_cert_file = options.certificate.cert;
    tls.tls_key_file = options.certificate.key;
  }
  return forBoth(tls, options);
}

function saslSettings(folders: PostfixFolders, options: PostfixOptions): Record<string, string> {
  if (!options.auth) return {};
  return forBoth({
    sasl_auth_enable: "yes",
    sasl_password_maps: `texthash:${folders.config}/passwords`,
    // The default refuses PLAIN and LOGIN without TLS.
    sasl_security_options: "noanonymous",
    sasl_mechanism_filter: (options.mechanisms ?? [options.auth.mechanism]).join(", "),
  }, options);
}

/** The password map; Postfix looks the relay up by the next hop as it is written in the transport. */
export function passwords(options: PostfixOptions): string {
  const { auth, relay } = options;
  if (!auth) return "";
  const host = "unix" in relay ? "localhost" : `[${relay.host}]:${relay.port}`;
  return `${host} ${auth.user}:${auth.password}\n`;
}

function forBoth(settings: Record<string, string>, options: PostfixOptions): Record<string, string> {
  const prefix = options.protocol ?? "smtp";
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${prefix}_${name}`, value]));
}

/** The lines of master.cf: nothing runs chrooted, and nothing listens unless it is asked to. */
export function masterCf(options: PostfixOptions): string {
  const services = [
    "pickup unix n - n 1 1 pickup",
    "cleanup unix n - n - 0 cleanup",
    "qmgr unix n - n 300 1 qmgr",
    "tlsmgr unix - - n 1000? 1 tlsmgr",
    "rewrite unix - - n - - trivial-rewrite",
    "bounce unix - - n - 0 bounce",
    "defer unix - - n - 0 bounce",
    "trace unix - - n - 0 bounce",
    "verify unix - - n - 1 verify",
    "flush unix n - n 1000? 0 flush",
    "proxymap unix - - n - - proxymap",
    "smtp unix - - n - - smtp",
    "lmtp unix - - n - - lmtp",
    "relay unix - - n - - smtp",
    "showq unix n - n - - showq",
    "error unix - - n - - error",
    "retry unix - - n - - error",
    "discard unix - - n - - discard",
    "anvil unix - - n - 1 anvil",
    "scache unix - - n - 1 scache",
    "postlog unix-dgram n - n - 1 postlogd",
    ...(options.services ?? []),
  ];
  if (options.listen !== undefined) services.push(`127.0.0.1:${options.listen} inet n - n - - smtpd`);
  return services.join("\n") + "\n";
}
