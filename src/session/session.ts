/** What is known of one connection, from its first byte to its last. */

import type { Endpoint, ProxyInfo, TlsInfo } from "../socket.ts";

/** The transmission types of RFC 3848 and RFC 6531 section 4.3, as they stand in `Received:`. */
export type Protocol = `${"" | "UTF8"}${"SMTP" | "LMTP"}${"" | "S"}${"" | "A"}` | `ESMTP${"" | "S"}${"" | "A"}`;

/** Facts about a connection, as handlers see them. */
export interface Session {
  /** Unique among the sessions of all servers; stands in logs and in `Received:`. */
  readonly id: string;
  /** The client's end: its own, where a proxy in front of the server is believed. */
  readonly remote: Endpoint;
  /** The server's own end. */
  readonly local: Endpoint;
  /** What the proxy in front of the server said; absent without the PROXY protocol. */
  readonly proxy?: ProxyInfo;
  /** What is spoken by now: it changes with EHLO, TLS and a login. */
  readonly protocol: Protocol;
  /** What the client called itself; absent before EHLO, HELO or LHLO. */
  readonly helo?: string;
  /** Absent while the connection is in clear. */
  readonly tls?: TlsInfo;
  /** Who the client authenticated as; absent before AUTH. */
  readonly user?: string;
  /** When the connection was accepted. */
  readonly startedAt: Date;
  /** Facts found by middleware that hold for the whole session; they reappear on `c.var` at every later stage. */
  readonly locals: Record<string, unknown>;
}

/** What has it for a prototype inherits nothing, and costs no more than other objects: those without any do. */
const Bare = function () {} as unknown as new () => object;
Bare.prototype = Object.create(null);

/**
 * Facts that inherit nothing: what is absent is absent, whatever a library was made to write into `Object.prototype`. A
 * `user` there would be that of every client.
 */
export function bare<T extends object>(facts: T): T {
  return Object.assign(new Bare(), facts);
}

/** A record that no name from the wire can poison: it has no prototype. */
export function emptyLocals(): Record<string, unknown> {
  return Object.create(null);
}

/** Made with the first id: some platforms have no random numbers while modules are loaded. */
let prefix: string | undefined;
let count = 0;

function randomPrefix(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  return [...bytes].map((byte) => byte.toString(36).padStart(2, "0")).join("");
}

/** A fresh id: random for the process, counted within it. */
export function sessionId(): string {
  prefix ??= randomPrefix();
  return `${prefix}${(count++).toString(36)}`;
}
