/** A Deno connection as the core wants it. */

import { unmapped } from "../../src/protocol/domain.ts";
import { type Endpoint, lingerTime, type Socket } from "../../src/socket.ts";

/** A read gets this much room at first: a command, and little for an idle connection to hold. */
const leastRoom = 2 * 1024;
/** And this much when the last one filled its room: a message. */
const mostRoom = 256 * 1024;
/** How much may wait to be sent before `write` asks for patience. */
const highWater = 64 * 1024;

export class DenoSocket implements Socket {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly tls = undefined;
  readonly #conn: Deno.Conn;
  #room = leastRoom;
  #unsent: Uint8Array[] = [];
  #unsentSize = 0;
  #sending: Promise<void> | undefined;
  #isClosing = false;
  #isClosed = false;
  /** The read under way, and how to answer it before the peer does. */
  #reading: Promise<Uint8Array | null> | undefined;
  #giveUp: ((bytes: null) => void) | undefined;

  constructor(conn: Deno.Conn) {
    this.local = endpoint(conn.localAddr);
    this.remote = endpoint(conn.remoteAddr);
    this.#conn = conn;
    if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
  }

  read(): Promise<Uint8Array | null> {
    if (this.#isClosing) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#giveUp = resolve;
      this.#reading = this.#read();
      this.#reading.then(resolve);
    });
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#isClosing) return;
    this.#unsent.push(bytes);
    this.#unsentSize += bytes.length;
    this.#sending ??= this.#send();
    return this.#unsentSize > highWater ? this.#sending : undefined;
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#giveUp?.(null);
    this.#linger();
  }

  destroy(): void {
    this.#isClosing = true;
    this.#giveUp?.(null);
    this.#drop();
  }

  async #read(): Promise<Uint8Array | null> {
    const buffer = new Uint8Array(this.#room);
    try {
      const count = await this.#conn.read(buffer);
      if (count === null) return null;
      this.#room = count === buffer.length ? Math.min(this.#room * 4, mostRoom) : Math.max(leastRoom, this.#room >> 1);
      return buffer.subarray(0, count);
    } catch {
      return null;
    }
  }

  async #send(): Promise<void> {
    try {
      while (this.#unsent.length > 0) {
        let bytes = this.#unsent.shift()!;
        this.#unsentSize -= bytes.length;
        while (bytes.length > 0) bytes = bytes.subarray(await this.#conn.write(bytes));
      }
    } catch {
      // A peer that is gone shows in `read`.
      this.#unsent = [];
      this.#unsentSize = 0;
    } finally {
      this.#sending = undefined;
    }
  }

  /** Sends what waits, says FIN, and takes in what the peer still says until it is done too. */
  async #linger(): Promise<void> {
    const timer = setTimeout(() => this.#drop(), lingerTime);
    await this.#sending;
    try {
      await this.#conn.closeWrite();
    } catch {
      // The peer went first.
    }
    await this.#reading;
    while (!this.#isClosed && await this.#read() !== null);
    clearTimeout(timer);
    this.#drop();
  }

  #drop(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#conn.close();
    } catch {
      // The runtime closed it already.
    }
  }
}

/** Unix sockets have neither address nor port. */
function endpoint(address: Deno.Addr): Endpoint {
  if (address.transport !== "tcp") return { address: "", port: 0 };
  return { address: unmapped(address.hostname), port: address.port };
}
