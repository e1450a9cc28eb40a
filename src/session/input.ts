/** The client's bytes: as command lines, or as the blocks of a message. */

import type { Socket } from "../socket.ts";

/** What stands in a line's place when there is none to be had. */
export type LineError = "too long" | "not UTF-8" | "TLS hello";

/** A line, or why there is none, and its first octets. */
export type Line = string | { readonly error: LineError; readonly start?: string };

const CR = 0x0d;
const LF = 0x0a;
const SP = 0x20;
const HTAB = 0x09;
const empty = new Uint8Array(0);
/** How much is kept of a line that is too long: enough to know its verb. */
const startOctets = 16;
const ascii = new TextDecoder("latin1");
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads from a socket and keeps what was not used yet.
 *
 * Only CRLF ends a line (RFC 5321 section 2.3.8): a bare LF stays inside it, where no command survives it.
 */
export class Input {
  readonly #socket: Socket;
  #buffer: Uint8Array = empty;
  /** Where the unused bytes begin. */
  #at = 0;
  /** Up to where an LF has been looked for. */
  #searched = 0;
  /** The first octets of a line that is being thrown away. */
  #tooLong: string | undefined;
  /** A read begun by `listen`, and what it brought. */
  #reading: Promise<Uint8Array | null> | undefined;
  #early: Uint8Array | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether bytes are here that nobody has used. */
  get hasMore(): boolean {
    return this.#at < this.#buffer.length || this.#early !== undefined;
  }

  /** Reads ahead while the client has nothing to say yet; `hasMore` tells whether it spoke all the same. */
  listen(): void {
    const reading = this.#reading ??= this.#socket.read();
    reading.then((bytes) => {
      if (this.#reading === reading) this.#early = bytes ?? undefined;
    });
  }

  /** Throws away what is here, and what is being read: what comes next has nothing to do with it. */
  discard(): void {
    this.putBack(empty);
    this.#tooLong = undefined;
    this.#reading = this.#early = undefined;
  }

  /** Resolves if the client goes away before it says anything more. */
  gone(): Promise<void> {
    this.listen();
    return new Promise((resolve) => {
      this.#reading?.then((bytes) => {
        if (bytes === null) resolve();
      });
    });
  }

  /**
   * The next whole line without its CRLF, or undefined when more must be read first.
   *
   * @param limit how many octets a line may have, CRLF included; the rest of a longer one is thrown away as it comes.
   */
  takeLine(limit: number): Line | undefined {
    const buffer = this.#buffer;
    // A TLS record: 22, handshake, and the major version 3 (RFC 8446 section 5.1). It may never hold a CRLF.
    if (buffer[this.#at] === 0x16 && buffer[this.#at + 1] === 0x03) return { error: "TLS hello" };
    let lf = buffer.indexOf(LF, this.#searched);
    while (lf >= 0 && (lf === this.#at || buffer[lf - 1] !== CR)) lf = buffer.indexOf(LF, lf + 1);
    if (lf < 0) {
      this.#searched = buffer.length;
      if (buffer.length - this.#at > limit) this.#discardPart();
      return undefined;
    }
    const start = this.#at;
    this.#at = this.#searched = lf + 1;
    if (this.#tooLong !== undefined || lf + 1 - start > limit) {
      const error = { error: "too long", start: this.#tooLong ?? startOf(buffer, start) } as const;
      this.#tooLong = undefined;
      return error;
    }
    try {
      return utf8.decode(buffer.subarray(start, lf - 1));
    } catch {
      return { error: "not UTF-8", start: startOf(buffer, start) };
    }
  }

  /** The bytes that are here, up to `most` of them; undefined when there are none, and more must be read first. */
  takeBlock(most: number = Infinity): Uint8Array | undefined {
    if (this.#at === this.#buffer.length || most === 0) return undefined;
    const end = Math.min(this.#buffer.length, this.#at + most);
    const block = this.#at === 0 && end === this.#buffer.length ? this.#buffer : this.#buffer.subarray(this.#at, end);
    if (end === this.#buffer.length) this.putBack(empty);
    else this.#at = this.#searched = end;
    return block;
  }

  /** Puts back what of the last block was not part of the message: the next bytes to be taken. */
  putBack(rest: Uint8Array): void {
    this.#buffer = rest;
    this.#at = this.#searched = 0;
  }

  /** The next bytes of the socket, for {@linkcode take}; null when the client will send no more. */
  read(): Promise<Uint8Array | null> {
    // An idle connection holds on to nothing.
    if (this.#at === this.#buffer.length) this.putBack(empty);
    return this.#reading ?? this.#socket.read();
  }

  /** Puts what was read behind what is here. False when there was nothing, and will be nothing. */
  take(bytes: Uint8Array | null): boolean {
    this.#reading = this.#early = undefined;
    if (bytes === null) return false;
    const rest = this.#buffer.length - this.#at;
    if (rest === 0) {
      this.putBack(bytes);
      return true;
    }
    const joined = new Uint8Array(rest + bytes.length);
    joined.set(this.#at === 0 ? this.#buffer : this.#buffer.subarray(this.#at));
    joined.set(bytes, rest);
    this.#searched -= this.#at;
    this.#buffer = joined;
    this.#at = 0;
    return true;
  }

  /** Keeps only the last byte, which may be the CR of the CRLF to come. */
  #discardPart(): void {
    this.#tooLong ??= startOf(this.#buffer, this.#at);
    this.#buffer = Uint8Array.of(this.#buffer[this.#buffer.length - 1]!);
    this.#at = 0;
    this.#searched = 1;
  }
}

/** Without the blanks before it: they are part of no verb, and would hide one. */
function startOf(buffer: Uint8Array, at: number): string {
  while (buffer[at] === SP || buffer[at] === HTAB) at++;
  return ascii.decode(buffer.subarray(at, at + startOctets));
}
