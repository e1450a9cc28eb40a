/** A connection without a network: two ends in one process. */

import { Inbox } from "../inbox.ts";
import type { Endpoint, Socket } from "../socket.ts";

/** The server's end of it. */
export class MemorySocket implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly tls = undefined;
  readonly #inbox = new Inbox(() => {}, () => {});
  readonly #toClient: (bytes: Uint8Array | null) => void;
  #isClosed = false;

  /** @param toClient gets what the server writes, and null at the end. */
  constructor(toClient: (bytes: Uint8Array | null) => void, remoteAddress = "127.0.0.1") {
    this.#toClient = toClient;
    this.local = { address: "127.0.0.1", port: 25 };
    this.remote = { address: remoteAddress, port: 50_000 };
  }

  /** The client says this. */
  receive(bytes: Uint8Array): void {
    this.#inbox.push(bytes);
  }

  /** The client says no more. */
  receiveEnd(): void {
    this.#inbox.end();
  }

  read(): Promise<Uint8Array | null> {
    return this.#inbox.read();
  }

  write(bytes: Uint8Array): undefined {
    if (!this.#isClosed) this.#toClient(bytes);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#inbox.discard();
    this.#toClient(null);
  }

  destroy(): void {
    this.close();
  }
}
