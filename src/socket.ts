/**
 * All that the core knows of a runtime: a byte stream with two ends.
 *
 * It pulls. `await` happens only when the buffer holds no whole line, so a pipelined batch is parsed in one
 * synchronous sweep and its replies leave in one write (RFC 2920). Each adapter implements this interface once.
 */

import { unmapped } from "./protocol/domain.ts";
import type { ChannelBindingType } from "./sasl/channel-binding.ts";

/** One end of a connection. For a Unix socket `address` is its path (or empty) and `port` is 0. */
export interface Endpoint {
  /** An IPv4 or IPv6 address in text form, never an IPv4-mapped IPv6 one; or the path of a Unix socket. */
  readonly address: string;
  /** The TCP port; 0 for a Unix socket, and where nobody knows. */
  readonly port: number;
  /** The host name that a trusted client gave for it (XCLIENT). */
  readonly name?: string;
}

/** An endpoint as runtimes tell it: IPv4 in IPv6's clothes is IPv4, and a Unix socket has neither address nor port. */
export function endpointOf(address: string = "", port: number = 0): Endpoint {
  return { address: unmapped(address), port };
}

/** Who the client's certificate says it is. */
export interface PeerCertificate {
  /** As in RFC 4514: `CN=client.example,O=Example\\, Inc,C=DE`. */
  readonly subject: string;
  /** Subject alternative names, as `DNS:host`, `email:a@b`, `IP Address:…`, `URI:…`. */
  readonly altNames: readonly string[];
  /** SHA-256 over the DER encoding, lower-case hex without colons. */
  readonly fingerprint: string;
  /** Whether it chains to one of the configured authorities. */
  readonly verified: boolean;
}

/** What is known of the encryption of a connection. */
export interface TlsInfo {
  /** As OpenSSL names it: `TLSv1.3`. */
  readonly protocol: string;
  /** As the IANA registry or OpenSSL names it: `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** The name the client asked for by SNI. */
  readonly serverName?: string;
  /** What the client showed, verified or not; absent without a client certificate. */
  readonly peerCertificate?: PeerCertificate;
}

/** What a proxy said of a connection in its PROXY header. */
export interface ProxyInfo {
  /** The proxy's end of the connection between it and the server. */
  readonly remote: Endpoint;
  /** The server's end of that connection. */
  readonly local: Endpoint;
  /** Whether it named the client. If not it spoke for itself, as in a health check, or did not know. */
  readonly namesClient: boolean;
  /** What else it said, in version 2 of the protocol: the numbers of the types are in its section 2.2. */
  readonly tlvs: readonly { readonly type: number; readonly value: Uint8Array }[];
}

/** A byte stream. */
export interface Socket {
  /** The server's own end. */
  readonly local: Endpoint;
  /** The client. */
  readonly remote: Endpoint;
  /** Set once the bytes are encrypted. */
  readonly tls: TlsInfo | undefined;
  /** Set once a PROXY header was taken off; then `remote` and `local` are those it named. */
  readonly proxy?: ProxyInfo;
  /** The next bytes, or null after the peer's FIN, an error or close. The caller owns them. One read at a time. */
  read(): Promise<Uint8Array | null>;
  /**
   * Takes all the bytes. A promise back means that the peer is slow: await it. Never fails; a dead peer shows in read.
   *
   * The bytes stay as they are for as long as they are needed, but share their memory with what other sessions are
   * sent: whoever hands them on to others, who might transfer or change it, hands on a copy.
   */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /**
   * Absent: there is no TLS to be had. Stops reading, drops unread plaintext, sends goAhead (the 220 of STARTTLS; empty
   * for implicit TLS), then shakes hands as the server. Rejects when that fails, or when the socket is destroyed before;
   * then nothing more may be written.
   */
  startTls?(goAhead: Uint8Array): Promise<void>;
  /**
   * The channel binding data of this connection, for SCRAM's `-PLUS` mechanisms (RFC 5056); undefined in the clear, and
   * for a type that there is none of. Absent: the runtime gives none.
   */
  channelBinding?(type: ChannelBindingType): Uint8Array | undefined;
  /** Flush, then FIN; a pending read gives null. May be called twice. */
  close(): void;
  /** Drop it now. */
  destroy(): void;
}

/**
 * How long a closing socket still takes in bytes, in milliseconds. A connection that is closed while bytes of the peer
 * are unread is reset, and the reset can overtake the last reply.
 */
export const lingerTime = 2000;
