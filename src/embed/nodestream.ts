/** A Node stream as the core wants its socket. */

import type { Duplex } from "node:stream";
import { Inbox } from "../inbox.ts";
import { type Endpoint, lingerTime, type Socket, type TlsInfo } from "../socket.ts";
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

class NodeStreamSocket implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly tls: TlsInfo | undefined;
  readonly #duplex: Duplex;
  readonly #inbox: Inbox;
  #isClosing = false;

  constructor(duplex: Duplex, ends: ConnectionEnds) {
    const { remoteAddress, remotePort = 0, localAddress, localPort = 0 } = duplex as Addressed;
    this.remote = endpoint(ends.remote ?? { address: remoteAddress ?? "", port: remotePort });
    this.local = endpoint(ends.local ?? { address: localAddress ?? "", port: localPort });
    this.tls = ends.tls;
    this.#duplex = duplex;
    this.#inbox = new Inbox(() => duplex.pause(), () => duplex.resume());
    duplex.on("data", (bytes: Uint8Array) => this.#inbox.push(bytes));
    duplex.on("end", () => this.#inbox.end());
    duplex.on("close", () => this.#inbox.end());
    // What went wrong shows as the end of reading; `close` follows.
    duplex.on("error", () => {});
  }

  read(): Promise<Uint8Array | null> {
    return this.#inbox.read();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    // A copy: a stream of somebody's own may change what it is given, and that memory is not ours alone.
    if (this.#isClosing || this.#duplex.destroyed || this.#duplex.write(bytes.slice())) return;
    return new Promise((resolve) => {
      const done = () => {
        this.#duplex.off("drain", done).off("close", done);
        resolve();
      };
      this.#duplex.on("drain", done).on("close", done);
    });
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#inbox.discard();
    this.#duplex.end();
    if (this.#duplex.destroyed) return;
    const timer = setTimeout(() => this.#duplex.destroy(), lingerTime);
    this.#duplex.once("close", () => clearTimeout(timer));
  }

  destroy(): void {
    this.#isClosing = true;
    this.#inbox.end();
    this.#duplex.destroy();
  }
}
