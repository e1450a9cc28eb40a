/** A stream of Node's making as a socket wants it: pulled from, written to with patience, closed with care. */

import type { Duplex } from "node:stream";
import { Inbox } from "./inbox.ts";
import { lingerTime, type Socket } from "./socket.ts";

/** The bytes of a socket, in the clear or encrypted. */
export type Channel = Pick<Socket, "read" | "write" | "close" | "destroy">;

/** A channel in the clear that can be given up for an encrypted one. */
export interface PlainChannel extends Channel {
  /**
   * Ends reading and drops what nobody has read, sends `goAhead`, and gives the stream for what comes next: bytes that
   * the client sent after it could know. The channel is not used any more, except to be destroyed.
   */
  handOver(goAhead: Uint8Array): Promise<Duplex>;
}

export class StreamChannel implements PlainChannel {
  readonly #stream: Duplex;
  readonly #inbox: Inbox;
  readonly #push = (bytes: Uint8Array): void => this.#inbox.push(bytes);
  readonly #end = (): void => this.#inbox.end();
  #isClosing = false;

  /** @param stream one that is allowed to be half open. */
  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#inbox = new Inbox(() => stream.pause(), () => stream.resume());
    stream.on("data", this.#push).on("end", this.#end).on("close", this.#end);
    // What went wrong shows as the end of reading; `close` follows.
    stream.on("error", () => {});
  }

  read(): Promise<Uint8Array | null> {
    return this.#inbox.read();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#isClosing || this.#stream.write(bytes) || this.#stream.destroyed) return;
    return new Promise((resolve) => {
      const done = () => {
        this.#stream.off("drain", done).off("close", done);
        resolve();
      };
      this.#stream.on("drain", done).on("close", done);
    });
  }

  async handOver(goAhead: Uint8Array): Promise<Duplex> {
    const stream = this.#stream;
    stream.off("data", this.#push).off("end", this.#end).off("close", this.#end);
    this.#inbox.discard();
    stream.pause();
    while (stream.read() !== null);
    // Encryption works below this stream's queue: what waits in it would come out in the middle of the handshake.
    if (goAhead.length > 0) await new Promise((resolve) => stream.write(goAhead, resolve));
    return stream;
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#inbox.discard();
    this.#stream.end();
    if (this.#stream.destroyed) return;
    const timer = setTimeout(() => this.#stream.destroy(), lingerTime);
    this.#stream.once("close", () => clearTimeout(timer));
  }

  destroy(): void {
    this.#isClosing = true;
    // Not every stream tells that it was destroyed.
    this.#inbox.end();
    this.#stream.destroy();
  }
}
