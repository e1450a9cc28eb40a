/**
 * The message as DATA carries it: where it ends, and which dots and newlines it loses on the way
 * (RFC 5321 sections 4.1.1.4, 4.5.2 and 2.3.8).
 *
 * One machine over single bytes decides everything, so the result cannot depend on how the network cut the stream.
 * Only `<CRLF>.<CRLF>` ends a message. A bare CR or LF is never a line's end: it is counted, and kept as it is or made
 * a CRLF, and what follows it is message text in any case.
 */

import { Newlines } from "./newline.ts";

// The state is what the bytes before the next one were.
/** Nothing, or CRLF: a dot here is special. */
const lineStart = 0;
/** CRLF and a dot. */
const dot = 1;
/** CRLF, a dot and CR: one LF from the end. */
const dotCr = 2;
/** Anything else. */
const text = 3;
/** CR, which may be bare or half of a CRLF. */
const cr = 4;

const CR = 0x0d;
const LF = 0x0a;
const DOT = 0x2e;

const crByte: Uint8Array = Uint8Array.of(CR);
const lfByte: Uint8Array = Uint8Array.of(LF);
const crlf: Uint8Array = Uint8Array.of(CR, LF);

/** Whether a byte is there, and neither a dot nor half a newline. */
function isText(byte: number | undefined): boolean {
  return byte !== undefined && byte !== DOT && byte !== CR && byte !== LF;
}

/** Takes a message out of the bytes that follow 354. */
export class DataDecoder {
  readonly #emit: (piece: Uint8Array) => void;
  readonly #normalize: boolean;
  #state = lineStart;
  #bare = 0;

  /**
   * @param emit gets the message piece by piece: views of the chunks pushed, not copies.
   * @param normalize whether a bare CR or LF is handed on as CRLF; otherwise it is handed on as it came.
   */
  constructor(emit: (piece: Uint8Array) => void, normalize: boolean) {
    this.#emit = emit;
    this.#normalize = normalize;
  }

  /** How many CR and LF came without the other. */
  get bareNewlines(): number {
    return this.#bare;
  }

  /**
   * Takes the next bytes.
   *
   * @returns where in `chunk` the bytes behind the end of data begin, or -1 when the message goes on.
   */
  push(chunk: Uint8Array): number {
    const newlines = new Newlines(chunk);
    let from = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === text) {
        at = newlines.next(at);
        // Nearly every line ends with CRLF, and has one behind it that begins as text: no state in between matters.
        while (chunk[at] === CR && chunk[at + 1] === LF && isText(chunk[at + 2])) {
          at = newlines.next(at + 3);
        }
        if (at === chunk.length) break;
      }
      const byte = chunk[at]!;
      switch (this.#state) {
        case lineStart:
          if (byte === DOT) {
            this.#flush(chunk, from, at);
            from = at + 1;
            this.#state = dot;
          } else if (byte === LF) from = this.#bareLf(chunk, from, at);
          else this.#state = byte === CR ? cr : text;
          break;
        case dot:
          if (byte === CR) {
            from = at + 1;
            this.#state = dotCr;
          } else if (byte === LF) from = this.#bareLf(chunk, from, at);
          else this.#state = text;
          break;
        case dotCr:
          if (byte === LF) {
            this.#state = lineStart;
            return at + 1;
          }
          // Not the end: the dot was stuffing, and the CR that waited belongs to the message.
          this.#emit(this.#normalize ? crlf : crByte);
          this.#bare++;
          from = at;
          this.#state = byte === CR ? cr : text;
          break;
        case text:
          if (byte === LF) from = this.#bareLf(chunk, from, at);
          else this.#state = cr;
          break;
        case cr:
          if (byte === LF) this.#state = lineStart;
          else {
            from = this.#bareCr(chunk, from, at);
            this.#state = byte === CR ? cr : text;
          }
      }
      at++;
    }
    this.#flush(chunk, from, chunk.length);
    return -1;
  }

  /** An LF at `at` that no CR stands before. */
  #bareLf(chunk: Uint8Array, from: number, at: number): number {
    this.#bare++;
    this.#state = text;
    if (!this.#normalize) return from;
    this.#flush(chunk, from, at);
    this.#emit(crByte);
    return at;
  }

  /** A CR before `at` that no LF follows. */
  #bareCr(chunk: Uint8Array, from: number, at: number): number {
    this.#bare++;
    if (!this.#normalize) return from;
    this.#flush(chunk, from, at);
    this.#emit(lfByte);
    return at;
  }

  #flush(chunk: Uint8Array, from: number, to: number): void {
    if (to > from) this.#emit(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
  }
}
