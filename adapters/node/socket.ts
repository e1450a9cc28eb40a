/** A Node socket as the core wants it. */

import type { Socket as NetSocket } from "node:net";
import { Inbox } from "../../src/inbox.ts";
import { unmapped } from "../../src/protocol/domain.ts";
import { type Endpoint, lingerTime, type Socket } from "../../src/socket.ts";

export class NodeSocket implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly tls = undefined;
  readonly #socket: NetSocket;
  readonly #inbox: Inbox;
  #isClosing = false;

  /** @param socket one that is allowed to be half open. */
  constructor(socket: NetSocket) {
    this.local = endpoint(socket.localAddress, socket.localPort);
    this.remote = endpoint(socket.remoteAddress, socket.remotePort);
    this.#socket = socket;
    this.#inbox = new Inbox(() => socket.pause(), () => socket.resume());
    socket.on("data", (bytes: Uint8Array) => this.#inbox.push(bytes));
    socket.on("end", () => this.#inbox.end());
    socket.on("close", () => this.#inbox.end());
    // What went wrong shows as the end of reading; `close` follows.
    socket.on("error", () => {});
    socket.setNoDelay(true);
  }

  read(): Promise<Uint8Array | null> {
    return this.#inbox.read();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#isClosing || this.#socket.write(bytes) || this.#socket.destroyed) return;
    return new Promise((resolve) => {
      const done = () => {
        this.#socket.off("drain", done).off("close", done);
        resolve();
      };
      this.#socket.on("drain", done).on("close", done);
    });
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#inbox.discard();
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), lingerTime);
    this.#socket.once("close", () => clearTimeout(timer));
  }

  destroy(): void {
    this.#isClosing = true;
    this.#socket.destroy();
  }
}

/** Unix sockets have neither address nor port. */
function endpoint(address = "", port = 0): Endpoint {
  return { address: unmapped(address), port };
}
