/** A Deno connection as the core wants it. */

import { unmapped } from "../../src/protocol/domain.ts";
import type { Endpoint } from "../../src/socket.ts";
import type { Credentials } from "../../src/tls/credentials.ts";
import { SecurableSocket } from "../../src/tls/socket.ts";
import { ConnChannel } from "./channel.ts";

export class DenoSocket extends SecurableSocket {
  constructor(conn: Deno.Conn, credentials: Credentials | undefined) {
    super(endpoint(conn.localAddr), endpoint(conn.remoteAddr), new ConnChannel(conn), credentials);
    if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
  }
}

/** Unix sockets have neither address nor port. */
function endpoint(address: Deno.Addr): Endpoint {
  if (address.transport !== "tcp") return { address: "", port: 0 };
  return { address: unmapped(address.hostname), port: address.port };
}
