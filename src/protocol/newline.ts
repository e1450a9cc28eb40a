/** Newlines in message text: only CRLF is one (RFC 5321 section 2.3.8). */

const CR = 0x0d;
const LF = 0x0a;

const crByte: Uint8Array = Uint8Array.of(CR);
const lfByte: Uint8Array = Uint8Array.of(LF);

/**
 * Passes text on as it comes, and watches its newlines: the chunks of BDAT, whose end is told by counting alone.
 *
 * A CR or LF without the other is counted, and kept as it is or made a CRLF. As in `DataDecoder` the result does not
 * depend on where the text was cut.
 */
export class NewlineDecoder {
  readonly #emit: (piece: Uint8Array) => void;
  readonly #normalize: boolean;
  #isAfterCr = false;
  #bare = 0;

  /**
   * @param emit gets the text piece by piece: views of the chunks pushed, not copies.
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

  /** Takes the next bytes. They never hold the end: always -1. */
  push(chunk: Uint8Array): number {
    const newlines = new Newlines(chunk);
    let from = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.#isAfterCr) {
        this.#isAfterCr = false;
        if (chunk[at] === LF) {
          at++;
          continue;
        }
        from = this.#complete(chunk, from, at, lfByte);
      }
      at = newlines.next(at);
      if (at === chunk.length) break;
      if (chunk[at] === CR) this.#isAfterCr = true;
      else from = this.#complete(chunk, from, at, crByte);
      at++;
    }
    this.#flush(chunk, from, chunk.length);
    return -1;
  }

  /** There is no more: a CR at the very end has no LF. */
  finish(): void {
    if (!this.#isAfterCr) return;
    this.#isAfterCr = false;
    this.#bare++;
    if (this.#normalize) this.#emit(lfByte);
  }

  /** Half a newline at `at`, or before it; the other half is `missing`. */
  #complete(chunk: Uint8Array, from: number, at: number, missing: Uint8Array): number {
    this.#bare++;
    if (!this.#normalize) return from;
    this.#flush(chunk, from, at);
    this.#emit(missing);
    return at;
  }

  #flush(chunk: Uint8Array, from: number, to: number): void {
    if (to > from) this.#emit(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
  }
}

const fewBytes = 256;
const noWords = new Int32Array(0);

/**
 * Where the newlines of a chunk are.
 *
 * Almost all bytes of mail are neither CR nor LF, so four are looked at together where that pays.
 */
export class Newlines {
  readonly #chunk: Uint8Array;
  /** The chunk from its first aligned byte on. */
  readonly #words: Int32Array;
  /** Where in the chunk the words begin. V8 asks for an array's offset at length: once, not for each line. */
  readonly #base: number;

  constructor(chunk: Uint8Array) {
    this.#chunk = chunk;
    this.#base = -chunk.byteOffset & 3;
    this.#words = chunk.length < fewBytes ? noWords : new Int32Array(
      chunk.buffer as ArrayBuffer,
      chunk.byteOffset + this.#base,
      (chunk.length - this.#base) >> 2,
    );
  }

  /** The place of the first CR or LF at `at` or behind it; the chunk's length when there is none. */
  next(at: number): number {
    const chunk = this.#chunk;
    const end = chunk.length;
    const words = this.#words;
    const count = words.length;
    if (count > 0) {
      const base = this.#base;
      const aligned = Math.min(end, at + ((base - at) & 3));
      for (; at < aligned; at++) if (isNewline(chunk[at]!)) return at;
      let i = (at - base) >> 2;
      // Two at a time: one at a time V8 takes half as long again, and four at a time JavaScriptCore does.
      for (const last = count - 1; i < last && (marks(words[i]!) | marks(words[i + 1]!)) === 0; i += 2);
      for (; i < count; i++) {
        if (marks(words[i]!) === 0) continue;
        for (at = base + (i << 2); at < base + (i << 2) + 4; at++) if (isNewline(chunk[at]!)) return at;
      }
      at = Math.max(at, base + (count << 2));
    }
    for (; at < end; at++) if (isNewline(chunk[at]!)) return at;
    return at;
  }
}

/**
 * Zero when none of the four bytes is below 0x0e: subtracting borrows into the top bit only of bytes below it, or above
 * such a byte.
 */
function marks(word: number): number {
  return (word - 0x0e0e0e0e) & ~word & 0x80808080;
}

function isNewline(byte: number): boolean {
  return byte === LF || byte === CR;
}
