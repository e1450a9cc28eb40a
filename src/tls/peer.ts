/** What a handshake leaves behind: what is known of the encryption, and of the client. */

import { createHash } from "node:crypto";
import { type ChannelBindingType, tlsServerEndPoint } from "../sasl/channel-binding.ts";
import type { PeerCertificate, TlsInfo } from "../socket.ts";
import { certificateNames } from "./names.ts";

/** A handshake's outcome, whoever carried it out. */
export interface Handshake {
  readonly protocol: string;
  readonly cipher: string;
  readonly serverName: string | undefined;
  /** The client's certificate in DER. */
  readonly peer: Uint8Array | undefined;
  /** Whether it chains to one of the configured authorities. */
  readonly isVerified: boolean;
  /** The certificate the client was shown, in DER. */
  readonly shown: Uint8Array | undefined;
  /** Keying material as in RFC 5705; undefined where the runtime gives none. */
  readonly exportKeys: ((length: number, label: string) => Uint8Array) | undefined;
}

/** The session's view of it. */
export function tlsInfo({ protocol, cipher, serverName, peer, isVerified }: Handshake): TlsInfo {
  const peerCertificate = peer === undefined ? undefined : describe(peer, isVerified);
  return {
    protocol,
    cipher,
    ...(serverName === undefined ? {} : { serverName }),
    ...(peerCertificate === undefined ? {} : { peerCertificate }),
  };
}

/** What ties a SASL exchange to this connection (RFC 5056); undefined where it cannot be had. */
export function bindingOf(handshake: Handshake, type: ChannelBindingType): Uint8Array | undefined {
  if (type === "tls-server-end-point") {
    return handshake.shown === undefined ? undefined : tlsServerEndPoint(handshake.shown);
  }
  // TLS 1.2 needs the extended master secret for it (RFC 9266), and no runtime tells whether that is in use.
  if (handshake.protocol !== "TLSv1.3") return undefined;
  return handshake.exportKeys?.(32, "EXPORTER-Channel-Binding");
}

function describe(der: Uint8Array, verified: boolean): PeerCertificate {
  const fingerprint = createHash("sha256").update(der).digest("hex");
  try {
    return { ...certificateNames(der), fingerprint, verified };
  } catch {
    return { subject: "", altNames: [], fingerprint, verified: false };
  }
}
