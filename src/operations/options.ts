/** What can be set for the operation of a server, beside the taking of mail. */

import type { Session } from "../session/session.ts";

/** Where HTTP is served. */
export interface HttpOptions {
  /** 0 for any free one; `server.http` tells which. */
  readonly port: number;
  /** The address to listen on. Default `127.0.0.1`: this machine alone. */
  readonly hostname?: string;
}

/** Which sessions are written down, and where. */
export type TranscriptOption = string | ((session: Session) => string | WritableStream<Uint8Array> | undefined);

/** What is served where nobody says otherwise: what the pages tell is not for everybody. */
export const httpHostname = "127.0.0.1";

/** @throws {TypeError | RangeError} for what cannot be. */
export function validateHttp(http: HttpOptions | undefined): void {
  if (http === undefined) return;
  const { port, hostname } = http;
  if (port === undefined) throw new TypeError("Cannot serve HTTP: http needs a port, as { port: 9090 }");
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`Cannot serve HTTP on port ${port}: a port is a whole number from 0 to 65535`);
  }
  if (hostname === "") throw new TypeError("Cannot serve HTTP on an empty hostname: leave it out for 127.0.0.1");
}
