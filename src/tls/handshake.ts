/** The server's side of a handshake over a stream, for the runtimes that have no better way: Node and Deno. */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import { type SecureContext, TLSSocket } from "node:tls";
import { type Credentials, type Identity, identityFor } from "./credentials.ts";
import type { Handshake } from "./peer.ts";

/** What `TLSSocket` has beyond its published types, and lacks of them. */
interface Internals {
  /** Tells what is wrong with the client's certificate. */
  readonly ssl?: { verifyError?(): unknown };
  readonly servername?: string | false | null;
  /** Missing on Deno. */
  readonly exportKeyingMaterial?: TLSSocket["exportKeyingMaterial"];
}

/**
 * Shakes hands.
 *
 * @param stream in the clear, and read by nobody.
 * @throws {Error} when it fails, or the stream is closed first. The stream is destroyed then.
 */
export function shakeHands(
  stream: Duplex,
  { current }: Credentials,
): Promise<{ socket: TLSSocket; result: Handshake }> {
  let shown: Identity = current.fallback;
  const socket = new TLSSocket(stream, {
    isServer: true,
    secureContext: shown.context,
    requestCert: current.requestCert,
    rejectUnauthorized: false,
    ...(current.names.size === 0 ? {} : { SNICallback }),
  });
  /** Who is asked builds the certificate anew for each client on Deno, and waits a turn of the loop on Node. */
  function SNICallback(name: string, choose: (error: null, context: SecureContext) => void): void {
    shown = identityFor(current, name);
    choose(null, shown.context);
  }
  return new Promise((resolve, reject) => {
    function fail(error: Error): void {
      stop();
      // It may still say why, and has nothing to say of what comes after that.
      socket.on("error", () => {});
      socket.destroy();
      stream.destroy();
      reject(error);
    }
    function gone(): void {
      fail(new Error("The client went away"));
    }
    function done(): void {
      stop();
      socket.on("close", () => stream.destroy());
      // No client of SMTP has a use for renegotiation. Node only tells of one that was tried, and goes on.
      socket.disableRenegotiation();
      socket.on("_tlsError", () => socket.destroy());
      resolve({ socket, result: outcome(socket, shown, current.hasAuthorities) });
    }
    function stop(): void {
      socket.off("secure", done).off("_tlsError", fail).off("error", fail).off("end", gone).off("close", gone);
      stream.off("close", gone);
    }
    socket.on("secure", done).on("_tlsError", fail).on("error", fail).on("end", gone).on("close", gone);
    stream.on("close", gone);
  });
}

function outcome(socket: TLSSocket, shown: Identity, hasAuthorities: boolean): Handshake {
  const { ssl, servername, exportKeyingMaterial } = socket as Internals;
  const peer: Uint8Array | undefined = socket.getPeerCertificate(false)?.raw;
  return {
    protocol: socket.getProtocol() ?? "",
    cipher: socket.getCipher()?.name ?? "",
    serverName: servername || undefined,
    peer,
    isVerified: hasAuthorities && peer !== undefined && isFlawless(ssl),
    shown: shown.certificate,
    exportKeys: exportKeyingMaterial &&
      ((length, label) => exportKeyingMaterial.call(socket, length, label, Buffer.alloc(0))),
  };
}

/** Where the runtime does not say that it found nothing wrong, something is. Node says null, Deno the empty string. */
function isFlawless(ssl: Internals["ssl"]): boolean {
  const flaw = ssl?.verifyError?.();
  return flaw === null || flaw === "";
}
