/** A Node stream as the core wants its socket. */

import type { Duplex } from "node:stream";
import { StreamChannel } from "../channel.ts";
import type { Endpoint, Socket, TlsInfo } from "../socket.ts";
import { type ConnectionEnds, endpoint } from "./ends.ts";

/**
 * A connection over any Node `Duplex`: a socket of `node:net` or `node:tls`, one end of a pair, a stream of a tunnel.
 *
 * A socket knows its own addresses. One that half closes (`allowHalfOpen`) lets clients end before they have read.
 *
 * @param ends what the stream does not know of itself.
 */
export function fromNodeStream(duplex: Duplex, ends: ConnectionEnds = {}): Socket {
  return new NodeStreamSocket(duplex, ends);
}

/** What sockets have beyond a Duplex. */
interface Addressed {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly localAddress?: string;
  readonly localPort?: number;
}

class NodeStreamSocket extends StreamChannel implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly tls: TlsInfo | undefined;

  constructor(duplex: Duplex, ends: ConnectionEnds) {
    super(duplex);
    const { remoteAddress, remotePort = 0, localAddress, localPort = 0 } = duplex as Addressed;
    this.remote = endpoint(ends.remote ?? { address: remoteAddress ?? "", port: remotePort });
    this.local = endpoint(ends.local ?? { address: localAddress ?? "", port: localPort });
    this.tls = ends.tls;
  }

  /** A copy: a stream of somebody's own may change or transfer what it is given, and that memory is not ours alone. */
  override write(bytes: Uint8Array): Promise<void> | undefined {
    return super.write(bytes.slice());
  }
}
