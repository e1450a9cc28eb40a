/** A connection whose PROXY header has been taken off: from here on it is the client's. */

import { type Channel, StreamChannel } from "../channel.ts";
import type { ProxyHeader } from "../protocol/proxy.ts";
import type { ChannelBindingType } from "../sasl/channel-binding.ts";
import type { Endpoint, ProxyInfo, Socket, TlsInfo } from "../socket.ts";
import type { Credentials } from "../tls/credentials.ts";
import { shakeHands } from "../tls/handshake.ts";
import { bindingOf, type Handshake, tlsInfo } from "../tls/peer.ts";
import { streamOf } from "./stream.ts";

export class ProxiedSocket implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly proxy: ProxyInfo;
  readonly startTls?: (goAhead: Uint8Array) => Promise<void>;
  readonly #socket: Socket;
  /** What came behind the header in the same piece. */
  #rest: Uint8Array | undefined;
  /** Encrypted by this class; a socket that encrypts itself is its own. */
  #channel: Channel;
  #handshake: Handshake | undefined;

  /** @param rest what was read from the socket behind the header. */
  constructor(socket: Socket, header: ProxyHeader, rest: Uint8Array, credentials: Credentials | undefined) {
    this.#socket = this.#channel = socket;
    this.#rest = rest.length === 0 ? undefined : rest;
    this.remote = header.source ?? socket.remote;
    this.local = header.destination ?? socket.local;
    const { remote, local } = socket;
    this.proxy = { remote, local, namesClient: header.source !== undefined, tlvs: header.tlvs };
    if (socket.startTls !== undefined) {
      this.startTls = (goAhead) =>
        goAhead.length > 0 || credentials === undefined ? this.#upgrade(goAhead) : this.#encrypt(credentials);
    }
  }

  get tls(): TlsInfo | undefined {
    return this.#handshake === undefined ? this.#socket.tls : tlsInfo(this.#handshake);
  }

  read(): Promise<Uint8Array | null> {
    const rest = this.#rest;
    if (rest === undefined) return this.#channel.read();
    this.#rest = undefined;
    return Promise.resolve(rest);
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    return this.#channel.write(bytes);
  }

  channelBinding(type: ChannelBindingType): Uint8Array | undefined {
    return this.#handshake === undefined ? this.#socket.channelBinding?.(type) : bindingOf(this.#handshake, type);
  }

  close(): void {
    this.#rest = undefined;
    this.#channel.close();
  }

  destroy(): void {
    this.#rest = undefined;
    this.#channel.destroy();
    this.#socket.destroy();
  }

  /** STARTTLS: what the client sent before the 220 is dropped. */
  #upgrade(goAhead: Uint8Array): Promise<void> {
    this.#rest = undefined;
    return this.#socket.startTls!(goAhead);
  }

  /**
   * Implicit TLS: the handshake begins behind the header, mostly in the same piece, and no runtime's socket takes back
   * what was read from it. So it is done over a stream, on Bun too.
   */
  async #encrypt(credentials: Credentials): Promise<void> {
    const stream = streamOf(this.#socket, this.#rest);
    this.#rest = undefined;
    const { socket, result } = await shakeHands(stream, credentials);
    this.#channel = new StreamChannel(socket);
    this.#handshake = result;
  }
}
