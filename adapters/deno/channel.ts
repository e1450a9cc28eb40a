/** The bytes of a Deno connection, in the clear. */

import { Duplex } from "node:stream";
import type { PlainChannel } from "../../src/channel.ts";
import { lingerTime } from "../../src/socket.ts";

/** A read has this much room at first, which is the connection's own: a command, and little for an idle one to hold. */
const commandRoom = 2 * 1024;
/** And this much, for itself, behind one that filled its room: a message. Deno takes longer to clear more than to read. */
const messageRoom = 64 * 1024;
/** How much may wait to be sent before `write` asks for patience. */
const highWater = 64 * 1024;

export class ConnChannel implements PlainChannel {
  readonly #conn: Deno.Conn;
  /** For one read after the other: Deno takes longer to make room for a command than to copy it. */
  readonly #commands = new Uint8Array(commandRoom);
  #isFilling = false;
  #unsent: Uint8Array[] = [];
  #unsentSize = 0;
  #sending: Promise<void> | undefined;
  #isClosing = false;
  #isClosed = false;
  /** The read under way, and how to answer it before the peer does. */
  #reading: Promise<Uint8Array | null> | undefined;
  #giveUp: ((bytes: null) => void) | undefined;
  /** What the channel was given up for. */
  #duplex: Duplex | undefined;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  read(): Promise<Uint8Array | null> {
    if (this.#isClosing) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#giveUp = resolve;
      this.#read().then(resolve);
    });
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#isClosing) return;
    this.#unsent.push(bytes);
    this.#unsentSize += bytes.length;
    this.#sending ??= this.#send();
    return this.#unsentSize > highWater ? this.#sending : undefined;
  }

  async handOver(goAhead: Uint8Array): Promise<Duplex> {
    this.#giveUp?.(null);
    if (goAhead.length > 0) this.write(goAhead);
    await this.#sending;
    const channel = this as ConnChannel;
    return this.#duplex = new Duplex({
      allowHalfOpen: true,
      read(): void {
        // A read that began before the client could go ahead ends with what it says after that.
        (channel.#reading ?? channel.#read()).then((bytes) => this.push(bytes));
      },
      write(bytes, _, done): void {
        const slow = channel.write(bytes);
        if (slow === undefined) done();
        else slow.then(() => done());
      },
      final(done): void {
        channel.#finish().then(() => done());
      },
      destroy(error, done): void {
        channel.#drop();
        done(error);
      },
    });
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
    this.#duplex?.destroy();
  }

  /** One read of the connection; null at its end, however it comes. */
  #read(): Promise<Uint8Array | null> {
    const isOwn = this.#isFilling;
    const buffer = isOwn ? new Uint8Array(messageRoom) : this.#commands;
    return this.#reading = this.#conn.read(buffer).then((count) => {
      this.#reading = undefined;
      if (count === null) return null;
      this.#isFilling = count === buffer.length;
      return isOwn ? buffer.subarray(0, count) : buffer.slice(0, count);
    }, () => {
      this.#reading = undefined;
      return null;
    });
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
    await this.#finish();
    await this.#reading;
    while (!this.#isClosed && await this.#read() !== null);
    clearTimeout(timer);
    this.#drop();
  }

  /** Sends what waits, then FIN. */
  async #finish(): Promise<void> {
    await this.#sending;
    try {
      await this.#conn.closeWrite();
    } catch {
      // The peer went first.
    }
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
