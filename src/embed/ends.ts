/** Who is at the two ends of a connection that we did not accept ourselves. */

import { type Endpoint, endpointOf, type TlsInfo } from "../socket.ts";

/** What whoever accepted the connection knows of it. */
export interface ConnectionEnds {
  /** The client. Default: no address, as over a Unix socket. */
  readonly remote?: Endpoint;
  /** The server's own end. Default: no address. */
  readonly local?: Endpoint;
  /** Given, the connection is encrypted already. STARTTLS is not offered. */
  readonly tls?: TlsInfo;
}

/** An endpoint; IPv4 in IPv6's clothes is IPv4. */
export function endpoint({ address, port }: Endpoint = { address: "", port: 0 }): Endpoint {
  return endpointOf(address, port);
}
