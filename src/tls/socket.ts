/** The socket of Node and Deno: a channel in the clear, exchanged for an encrypted one when the session asks for it. */

import { type Channel, type PlainChannel, StreamChannel } from "../channel.ts";
import type { ChannelBindingType } from "../sasl/channel-binding.ts";
import type { Endpoint, Socket, TlsInfo } from "../socket.ts";
import type { Credentials } from "./credentials.ts";
import { shakeHands } from "./handshake.ts";
import { bindingOf, type Handshake, tlsInfo } from "./peer.ts";

export class SecurableSocket implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly startTls?: (goAhead: Uint8Array) => Promise<void>;
  tls: TlsInfo | undefined;
  #channel: Channel;
  #handshake: Handshake | undefined;

  /** @param credentials undefined: the socket stays in the clear. */
  constructor(local: Endpoint, remote: Endpoint, channel: PlainChannel, credentials: Credentials | undefined) {
    this.local = local;
    this.remote = remote;
    this.#channel = channel;
    if (credentials !== undefined) this.startTls = (goAhead) => this.#startTls(channel, goAhead, credentials);
  }

  read(): Promise<Uint8Array | null> {
    return this.#channel.read();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    return this.#channel.write(bytes);
  }

  close(): void {
    this.#channel.close();
  }

  destroy(): void {
    this.#channel.destroy();
  }

  channelBinding(type: ChannelBindingType): Uint8Array | undefined {
    return this.#handshake && bindingOf(this.#handshake, type);
  }

  async #startTls(plain: PlainChannel, goAhead: Uint8Array, credentials: Credentials): Promise<void> {
    const { socket, result } = await shakeHands(await plain.handOver(goAhead), credentials);
    this.#channel = new StreamChannel(socket);
    this.#handshake = result;
    this.tls = tlsInfo(result);
  }
}
