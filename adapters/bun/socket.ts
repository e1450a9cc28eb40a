/** A Bun socket as the core wants it. */

import { Inbox } from "../../src/inbox.ts";
import { unmapped } from "../../src/protocol/domain.ts";
import { type Endpoint, lingerTime, type Socket } from "../../src/socket.ts";

/** Bun's own, with what it has beyond its published types. */
type Native = Bun.Socket<BunSocket> & { pause(): void; resume(): void };

export class BunSocket implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly tls = undefined;
  readonly #socket: Native;
  readonly #inbox: Inbox;
  /** What the kernel did not take yet. */
  #unsent: Uint8Array[] = [];
  #flushed: (() => void) | undefined;
  #isClosing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param socket one that is allowed to be half open, and whose handler is {@linkcode handler}. */
  constructor(socket: Bun.Socket<BunSocket>) {
    this.local = endpoint(socket.localAddress, socket.localPort);
    this.remote = endpoint(socket.remoteAddress, socket.remotePort);
    this.#socket = socket as Native;
    this.#inbox = new Inbox(() => this.#socket.pause(), () => this.#socket.resume());
    socket.setNoDelay(true);
  }

  /** The callbacks of `Bun.listen`, shared by all its sockets. */
  static handler(accept: (socket: Socket) => void): Bun.SocketHandler<BunSocket> {
    return {
      open(socket) {
        accept(socket.data = new BunSocket(socket));
      },
      data: (socket, bytes) => socket.data.#inbox.push(bytes),
      drain: (socket) => socket.data.#send(),
      end: (socket) => socket.data.#inbox.end(),
      close: (socket) => socket.data.#end(),
      // What went wrong shows as the end of reading; `close` follows.
      error: () => {},
    };
  }

  read(): Promise<Uint8Array | null> {
    return this.#inbox.read();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#isClosing) return;
    if (this.#unsent.length === 0) {
      const sent = this.#socket.write(bytes);
      if (sent === bytes.length || sent < 0) return;
      this.#unsent.push(bytes.subarray(sent));
    } else this.#unsent.push(bytes);
    const earlier = this.#flushed;
    return new Promise((resolve) =>
      this.#flushed = () => {
        earlier?.();
        resolve();
      }
    );
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#inbox.discard();
    this.#timer = setTimeout(() => this.#socket.terminate(), lingerTime);
    if (this.#unsent.length === 0) this.#socket.shutdown();
  }

  destroy(): void {
    this.#isClosing = true;
    this.#socket.terminate();
  }

  /** Sends what waits, as far as the kernel takes it. */
  #send(): void {
    while (this.#unsent.length > 0) {
      const [bytes] = this.#unsent as [Uint8Array];
      const sent = this.#socket.write(bytes);
      if (sent < 0) return this.#end();
      if (sent < bytes.length) {
        this.#unsent[0] = bytes.subarray(sent);
        return;
      }
      this.#unsent.shift();
    }
    this.#flushed?.();
    this.#flushed = undefined;
    if (this.#isClosing) this.#socket.shutdown();
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#inbox.end();
    this.#unsent = [];
    this.#flushed?.();
  }
}

/** Unix sockets have neither address nor port. */
function endpoint(address = "", port = 0): Endpoint {
  return { address: unmapped(address), port };
}
