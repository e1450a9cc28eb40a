/** A Deno connection as the core wants it. */

import { type Endpoint, endpointOf } from "../../src/socket.ts";
import type { Credentials } from "../../src/tls/credentials.ts";
import { SecurableSocket } from "../../src/tls/socket.ts";
import { ConnChannel } from "./channel.ts";

export class DenoSocket extends SecurableSocket {
  constructor(conn: Deno.Conn, credentials: Credentials | undefined) {
    super(endpoint(conn.localAddr), endpoint(conn.remoteAddr), new ConnChannel(conn), credentials);
    if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
  }
}

function endpoint(address: Deno.Addr): Endpoint {
  return address.transport === "tcp" ? endpointOf(address.hostname, address.port) : endpointOf();
}
