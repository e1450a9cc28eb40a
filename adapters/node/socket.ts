/** A Node socket as the core wants it. */

import type { Socket as NetSocket } from "node:net";
import { StreamChannel } from "../../src/channel.ts";
import { unmapped } from "../../src/protocol/domain.ts";
import type { Endpoint } from "../../src/socket.ts";
import type { Credentials } from "../../src/tls/credentials.ts";
import { SecurableSocket } from "../../src/tls/socket.ts";

export class NodeSocket extends SecurableSocket {
  /** @param socket one that is allowed to be half open. */
  constructor(socket: NetSocket, credentials: Credentials | undefined) {
    const local = endpoint(socket.localAddress, socket.localPort);
    const remote = endpoint(socket.remoteAddress, socket.remotePort);
    super(local, remote, new StreamChannel(socket), credentials);
    socket.setNoDelay(true);
  }
}

/** Unix sockets have neither address nor port. */
function endpoint(address = "", port = 0): Endpoint {
  return { address: unmapped(address), port };
}
