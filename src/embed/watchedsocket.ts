/** A socket that tells when the server is done with it. */

import type { Endpoint, ProxyInfo, Socket, TlsInfo } from "../socket.ts";

export class WatchedSocket implements Socket {
  readonly #socket: Socket;
  #end: () => void = () => {};
  /** Resolves when the server has closed or dropped it: every session ends so. */
  readonly ended: Promise<void>;
  readonly proxy?: ProxyInfo;
  readonly startTls?: NonNullable<Socket["startTls"]>;
  readonly channelBinding?: NonNullable<Socket["channelBinding"]>;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.ended = new Promise((resolve) => this.#end = resolve);
    if (socket.proxy !== undefined) this.proxy = socket.proxy;
    if (socket.channelBinding !== undefined) this.channelBinding = (type) => socket.channelBinding!(type);
    if (socket.startTls !== undefined) this.startTls = (...given) => socket.startTls!(...given);
  }

  get local(): Endpoint {
    return this.#socket.local;
  }

  get remote(): Endpoint {
    return this.#socket.remote;
  }

  get tls(): TlsInfo | undefined {
    return this.#socket.tls;
  }

  read(): Promise<Uint8Array | null> {
    return this.#socket.read();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    return this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.close();
    this.#end();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#end();
  }
}
