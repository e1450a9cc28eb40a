/** A connection whose PROXY header has been taken off: from here on it is the client's. */

import type { ProxyHeader } from "../protocol/proxy.ts";
import type { Endpoint, ProxyInfo, Socket, TlsInfo } from "../socket.ts";

export class ProxiedSocket implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly proxy: ProxyInfo;
  readonly startTls?: NonNullable<Socket["startTls"]>;
  readonly channelBinding?: NonNullable<Socket["channelBinding"]>;
  readonly #socket: Socket;
  /** What came behind the header in the same piece. */
  #rest: Uint8Array | undefined;

  /** @param rest what was read from the socket behind the header. */
  constructor(socket: Socket, header: ProxyHeader, rest: Uint8Array) {
    this.#socket = socket;
    this.#rest = rest.length === 0 ? undefined : rest;
    this.remote = header.source ?? socket.remote;
    this.local = header.destination ?? socket.local;
    const { remote, local } = socket;
    this.proxy = { remote, local, namesClient: header.source !== undefined, tlvs: header.tlvs };
    if (socket.channelBinding !== undefined) this.channelBinding = (type) => socket.channelBinding?.(type);
    if (socket.startTls !== undefined) this.startTls = (goAhead) => this.#startTls(goAhead);
  }

  get tls(): TlsInfo | undefined {
    return this.#socket.tls;
  }

  read(): Promise<Uint8Array | null> {
    const rest = this.#rest;
    if (rest === undefined) return this.#socket.read();
    this.#rest = undefined;
    return Promise.resolve(rest);
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    return this.#socket.write(bytes);
  }

  close(): void {
    this.#rest = undefined;
    this.#socket.close();
  }

  destroy(): void {
    this.#rest = undefined;
    this.#socket.destroy();
  }

  /** Behind the header the client's handshake may have begun; before a 220 it can only be what nobody vouches for. */
  #startTls(goAhead: Uint8Array): Promise<void> {
    const received = goAhead.length === 0 ? this.#rest : undefined;
    this.#rest = undefined;
    return this.#socket.startTls!(goAhead, received);
  }
}
