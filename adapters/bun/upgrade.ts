/** Bun's own way from a socket in the clear to an encrypted one. */

import { type CredentialSet, type Identity, identityFor } from "../../src/tls/credentials.ts";
import type { Handshake } from "../../src/tls/peer.ts";
import type { BunSocket } from "./socket.ts";

type Plain = Bun.Socket<BunSocket>;

/** Bun's own, with what it has beyond its published types. */
export type Native = Omit<Plain, "upgradeTLS" | "exportKeyingMaterial"> & {
  pause(): void;
  resume(): void;
  upgradeTLS(options: object): [raw: Native, encrypted: Native];
  exportKeyingMaterial(length: number, label: string, context: Uint8Array): Buffer;
};

/** A certificate as `getCertificate` and `getPeerCertificate` give it. */
type Certificate = { readonly raw?: Uint8Array } | undefined;

/**
 * Shakes hands as the server. Bun sets no time limit for it: destroy the socket when it takes too long.
 *
 * @returns at once the encrypted socket; its `result` rejects when the handshake fails or the socket is closed first.
 */
export function upgrade(
  socket: Native,
  data: BunSocket,
  set: CredentialSet,
  callbacks: Omit<Bun.SocketHandler<BunSocket>, "open">,
): { socket: Native; result: Promise<Handshake> } {
  const { promise: result, resolve, reject } = Promise.withResolvers<Handshake>();
  const [, encrypted] = socket.upgradeTLS({
    isServer: true,
    data,
    // Bun takes the contexts of its node:tls here, which spares it the reading of PEM for each connection.
    tls: { secureContext: native(set.fallback), requestCert: set.requestCert, rejectUnauthorized: false },
    socket: {
      ...callbacks,
      handshake(shaken: Plain, isDone: boolean, error: Error | null): void {
        if (isDone) return resolve(outcome(shaken as unknown as Native, set, error));
        reject(error ?? new Error("The handshake failed"));
        shaken.terminate();
      },
      close(closed: Plain): void {
        reject(new Error("The client went away"));
        callbacks.close?.(closed);
      },
      end(ended: Plain): void {
        reject(new Error("The client went away"));
        callbacks.end?.(ended);
      },
      /** Asked while the handshake goes on, for the certificate of another name. */
      serverName(_: unknown, name: string): unknown {
        return native(identityFor(set, name));
      },
    },
  });
  return { socket: encrypted, result };
}

function native({ context }: Identity): unknown {
  return (context as { context: unknown }).context;
}

function outcome(socket: Native, { hasAuthorities }: CredentialSet, error: Error | null | undefined): Handshake {
  const peer = (socket.getPeerCertificate() as Certificate)?.raw;
  const { name, version } = socket.getCipher();
  return {
    protocol: socket.getTLSVersion() || version,
    cipher: name,
    serverName: socket.getServername() || undefined,
    peer,
    isVerified: hasAuthorities && peer !== undefined && socket.authorized && !error,
    shown: (socket.getCertificate() as Certificate)?.raw,
    exportKeys: (length, label) => socket.exportKeyingMaterial(length, label, new Uint8Array(0)),
  };
}
