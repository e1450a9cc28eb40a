/** A Bun socket as the core wants it. */

import { Inbox } from "../../src/inbox.ts";
import type { ChannelBindingType } from "../../src/sasl/channel-binding.ts";
import { type Endpoint, endpointOf, lingerTime, type Socket, type TlsInfo } from "../../src/socket.ts";
import type { Credentials } from "../../src/tls/credentials.ts";
import { bindingOf, type Handshake, tlsInfo } from "../../src/tls/peer.ts";
import { type Native, upgrade } from "./upgrade.ts";

export class BunSocket implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly startTls?: (goAhead: Uint8Array) => Promise<void>;
  tls: TlsInfo | undefined;
  #socket: Native;
  #inbox: Inbox;
  #handshake: Handshake | undefined;
  /** What the kernel did not take yet. */
  #unsent: Uint8Array[] = [];
  #flushed: (() => void) | undefined;
  #isClosing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param socket one that is allowed to be half open, and whose handler is {@linkcode handler}. */
  constructor(socket: Bun.Socket<BunSocket>, credentials: Credentials | undefined) {
    this.local = endpointOf(socket.localAddress, socket.localPort);
    this.remote = endpointOf(socket.remoteAddress, socket.remotePort);
    this.#socket = socket as Native;
    this.#inbox = this.#newInbox();
    if (credentials !== undefined) this.startTls = (goAhead) => this.#startTls(goAhead, credentials);
    socket.setNoDelay(true);
  }

  /** The callbacks of `Bun.listen`, shared by all its sockets. */
  static handler(
    accept: (socket: Socket) => void,
    credentials: Credentials | undefined,
  ): Bun.SocketHandler<BunSocket> {
    return {
      open(socket) {
        accept(socket.data = new BunSocket(socket, credentials));
      },
      ...BunSocket.#callbacks,
    };
  }

  /** A socket that was encrypted goes on to call back about its ciphertext: it is not listened to any more. */
  static readonly #callbacks = {
    data(socket: Bun.Socket<BunSocket>, bytes: Uint8Array): void {
      if (socket.data.#socket === socket) socket.data.#inbox.push(bytes);
    },
    drain(socket: Bun.Socket<BunSocket>): void {
      if (socket.data.#socket === socket) socket.data.#send();
    },
    end(socket: Bun.Socket<BunSocket>): void {
      if (socket.data.#socket === socket) socket.data.#inbox.end();
    },
    close: (socket: Bun.Socket<BunSocket>): void => socket.data.#end(),
    // What went wrong shows as the end of reading; `close` follows.
    error: (): void => {},
  };

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

  channelBinding(type: ChannelBindingType): Uint8Array | undefined {
    return this.#handshake && bindingOf(this.#handshake, type);
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

  async #startTls(goAhead: Uint8Array, credentials: Credentials): Promise<void> {
    // What was not read, and what still comes before the client can know that it may go ahead, is dropped.
    this.#inbox.discard();
    if (goAhead.length > 0) await this.write(goAhead);
    this.#inbox = this.#newInbox();
    const { current } = credentials;
    const handshake = upgrade(this.#socket, this, current, BunSocket.#callbacks);
    this.#socket = handshake.socket;
    this.#handshake = await handshake.result;
    this.tls = tlsInfo(this.#handshake);
  }

  #newInbox(): Inbox {
    return new Inbox(() => this.#socket.pause(), () => this.#socket.resume());
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
