/** A Node socket as the core wants it. */

import type { Socket as NetSocket } from "node:net";
import { StreamChannel } from "../../src/channel.ts";
import { endpointOf } from "../../src/socket.ts";
import type { Credentials } from "../../src/tls/credentials.ts";
import { SecurableSocket } from "../../src/tls/socket.ts";

export class NodeSocket extends SecurableSocket {
  /** @param socket one that is allowed to be half open. */
  constructor(socket: NetSocket, credentials: Credentials | undefined) {
    const local = endpointOf(socket.localAddress, socket.localPort);
    const remote = endpointOf(socket.remoteAddress, socket.remotePort);
    super(local, remote, new StreamChannel(socket), credentials);
    socket.setNoDelay(true);
  }
}
