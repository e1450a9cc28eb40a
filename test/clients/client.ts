/**
 * What every real mail client in this folder has in common, so that one loop can drive them all.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** Where the server under test listens. */
export type Target = { readonly host: string; readonly port: number } | { readonly unix: string };

/** A message and its envelope. */
export interface Message {
  /** The reverse-path without angle brackets; empty for the null sender. */
  readonly from: string;
  readonly to: readonly string[];
  /** Header and body as they are to arrive, lines ending in CRLF, not dot-stuffed. A string is sent as UTF-8. */
  readonly data: string | Uint8Array;
}

/** In clear, upgraded by STARTTLS, or encrypted from the first byte. A client never falls back to clear by itself. */
export type Tls = "none" | "starttls" | "implicit";

/** SASL mechanisms that at least one of the clients knows. */
export type Mechanism =
  | "PLAIN"
  | "LOGIN"
  | "CRAM-MD5"
  | "DIGEST-MD5"
  | "SCRAM-SHA-1"
  | "SCRAM-SHA-256"
  | "SCRAM-SHA-1-PLUS"
  | "SCRAM-SHA-256-PLUS"
  | "XOAUTH2"
  | "OAUTHBEARER"
  | "EXTERNAL";

/** For XOAUTH2 and OAUTHBEARER `password` is the token; EXTERNAL needs `certificate` beside it and ignores `password`. */
export interface Auth {
  readonly mechanism: Mechanism;
  readonly user: string;
  readonly password: string;
}

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface SendOptions {
  /** Default: `none`. */
  readonly tls?: Tls;
  /** A PEM file of authorities. With it the client verifies the server's certificate, without it it does not. */
  readonly ca?: string;
  /** The name that SNI and verification use. Default: `localhost`. */
  readonly serverName?: string;
  /** The client's own certificate. */
  readonly certificate?: CertificateFiles;
  readonly auth?: Auth;
  /** The argument of EHLO, where the client lets one choose. Default: `client.test`. */
  readonly helo?: string;
  /** LHLO instead of EHLO, for clients whose `lmtp` is true. */
  readonly lmtp?: boolean;
  /** Further arguments for the program, put before the recipient arguments. In-process clients ignore it. */
  readonly args?: readonly string[];
  /** Default: 15 000. Then the program and its children are killed. */
  readonly timeoutMs?: number;
}

/** How a program ended. */
export interface Outcome {
  /** The exit status; null when it was killed. 0 means that the program saw its message accepted. */
  readonly code: number | null;
  /** What it printed, standard output and standard error together in order of arrival. */
  readonly output: string;
  /** Whether the time limit ended it. */
  readonly timedOut: boolean;
}

/** A program that hands one message to a server. */
export interface Client {
  readonly name: string;
  readonly tls: readonly Tls[];
  readonly mechanisms: readonly Mechanism[];
  /** Whether it presents a client certificate. */
  readonly certificates: boolean;
  readonly lmtp: boolean;
  readonly unix: boolean;
  /** Whether the message arrives byte for byte as it was given, but for what a relay must add in front. */
  readonly verbatim: boolean;
  available(): Promise<boolean>;
  send(target: Target, message: Message, options?: SendOptions): Promise<Outcome>;
}

/** The host to connect to, or an error for a client that speaks TCP only. */
export function inet(target: Target, client: string): { readonly host: string; readonly port: number } {
  if ("unix" in target) throw new TypeError(`${client} cannot connect to the Unix socket ${target.unix}`);
  return target;
}

/** The bytes of a message. */
export function bytesOf(message: Message): Uint8Array {
  return typeof message.data === "string" ? new TextEncoder().encode(message.data) : message.data;
}

/** A message as it goes over the wire after DATA: dots stuffed, `.` CRLF at its end (RFC 5321 4.5.2). */
export function stuffed(message: Message): Uint8Array {
  const text = Buffer.from(bytesOf(message)).toString("latin1").replace(/^\./gm, "..");
  return Buffer.from(text === "" || text.endsWith("\r\n") ? `${text}.\r\n` : `${text}\r\n.\r\n`, "latin1");
}
