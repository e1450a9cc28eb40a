/** A pair of web streams as the core wants its socket. */

import type { Endpoint, Socket, TlsInfo } from "../socket.ts";
import { type ConnectionEnds, endpoint } from "./ends.ts";

/** The two directions of a connection. */
export interface WebStreamPair {
  /** What the client says, in octets. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What the client hears. */
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * A connection over a pair of web streams: Deno's `TcpConn`, Cloudflare's `connect()`, a `WebSocketStream`, two
 * `TransformStream`s. Their locks are held until the session is over.
 *
 * @param ends who is at the ends, where that is known.
 * @throws {TypeError} for streams that are locked.
 */
export function fromWebStreams(pair: WebStreamPair, ends: ConnectionEnds = {}): Socket {
  return new WebStreamSocket(pair, ends);
}

class WebStreamSocket implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly tls: TlsInfo | undefined;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #isClosing = false;

  constructor({ readable, writable }: WebStreamPair, ends: ConnectionEnds) {
    this.remote = endpoint(ends.remote);
    this.local = endpoint(ends.local);
    this.tls = ends.tls;
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    // A peer that is gone shows as the end of reading.
    this.#writer.closed.catch(() => void this.#reader.cancel().catch(() => {}));
  }

  async read(): Promise<Uint8Array | null> {
    try {
      while (true) {
        const { done, value } = await this.#reader.read();
        if (done) return null;
        // An empty chunk would look like progress.
        if (value.length > 0) return value;
      }
    } catch {
      return null;
    }
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#isClosing) return;
    // A copy: a stream may transfer the memory of what it is given, and that is not ours alone.
    this.#writer.write(bytes.slice()).catch(() => {});
    if ((this.#writer.desiredSize ?? 1) > 0) return;
    return this.#writer.ready.catch(() => {});
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#writer.close().catch(() => {});
    this.#reader.cancel().catch(() => {});
  }

  destroy(): void {
    this.#isClosing = true;
    this.#writer.abort().catch(() => {});
    this.#reader.cancel().catch(() => {});
  }
}
