/** One spooled message: pieces in memory, and a file once they are too many. */

import { headerEnd } from "../protocol/header.ts";
import { type Content, StorageError } from "../session/content.ts";
import type { SpoolFile } from "./file.ts";
import { longestHeader, PassingHeader } from "./header.ts";
import type { Spool } from "./spool.ts";

/** Smaller pieces than this are gathered, so that a message in crumbs does not cost an object for each. */
const gatherBelow = 512;
const gatherSize = 4096;

/** A file gets this much at a time, and the rest is in memory: a message in crumbs does not cost a write for each. */
const writeSize = 32 * 1024;

export class SpooledMessage implements Content {
  readonly #spool: Spool;
  /** What is in memory: the whole message, or what comes behind the octets in the file. */
  #pieces: Uint8Array[] = [];
  /** A buffer of our own at the end of `#pieces`, and how much of it is used. */
  #tail: Uint8Array | undefined;
  #tailUsed = 0;
  #size = 0;
  #held = 0;
  #file: SpoolFile | undefined;
  #header: Uint8Array | undefined;
  /** The header section, once the octets go to a file. */
  #passing: PassingHeader | undefined;
  #passingHeld = 0;
  #holders = 1;

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  get size(): number {
    return this.#size;
  }

  get header(): Uint8Array {
    this.#assertHeld();
    return this.#passing?.octets ?? (this.#header ??= this.#findHeader());
  }

  append(piece: Uint8Array): void {
    this.#size += piece.length;
    this.#held += piece.length;
    this.#spool.countMemory(piece.length);
    if (this.#passing !== undefined) this.#keepHeader([piece]);
    // A view keeps the whole chunk that it looks at: one that uses little of it is copied.
    if (piece.length >= gatherBelow && piece.length * 2 >= piece.buffer.byteLength) {
      this.#pieces.push(piece);
      this.#tail = undefined;
    } else this.#gather(piece);
  }

  settle(): Promise<void> | undefined {
    const most = this.#file === undefined ? this.#spool.memoryPerMessage : writeSize;
    if (this.#held === 0 || (this.#held <= most && !this.#spool.isMemoryFull)) return;
    return this.#moveToFile();
  }

  async *read(): AsyncIterable<Uint8Array> {
    this.#assertHeld();
    if (this.#file !== undefined) {
      let at = 0;
      while (at < this.#size - this.#held) {
        const piece = await this.#file.read(at);
        this.#assertHeld();
        if (piece.length === 0) throw new StorageError("The temporary file of the message ended too soon");
        at += piece.length;
        yield piece;
      }
    }
    for (const piece of this.#pieces) {
      yield piece;
      this.#assertHeld();
    }
  }

  copyTo(target: Uint8Array, offset: number): Promise<void> | undefined {
    this.#assertHeld();
    if (this.#file !== undefined) return this.#copyFromFile(target, offset);
    for (const piece of this.#pieces) {
      target.set(piece, offset);
      offset += piece.length;
    }
  }

  drop(): void {
    this.#spool.countMemory(-this.#held - this.#passingHeld);
    this.#held = this.#passingHeld = 0;
    this.#pieces = [];
    this.#tail = undefined;
    const file = this.#file;
    this.#file = undefined;
    file?.close();
  }

  hold(): void {
    // What is gone does not come back: a late holder, too, gets the error.
    if (this.#holders > 0) this.#holders++;
  }

  release(): void {
    if (this.#holders > 0 && --this.#holders === 0) this.drop();
  }

  #gather(piece: Uint8Array): void {
    if (this.#tail === undefined || this.#tailUsed + piece.length > this.#tail.length) {
      this.#tail = new Uint8Array(Math.max(gatherSize, piece.length));
      this.#tailUsed = 0;
      this.#pieces.push(this.#tail.subarray(0, 0));
    }
    this.#tail.set(piece, this.#tailUsed);
    this.#tailUsed += piece.length;
    this.#pieces[this.#pieces.length - 1] = this.#tail.subarray(0, this.#tailUsed);
  }

  async #moveToFile(): Promise<void> {
    const pieces = this.#pieces;
    const octets = this.#held;
    this.#pieces = [];
    this.#tail = undefined;
    if (this.#passing === undefined) this.#keepHeader(pieces);
    try {
      if (this.#file === undefined) {
        const { SpoolFile } = await import("./file.ts");
        this.#file = await SpoolFile.create(this.#spool);
      }
      await this.#file.write(pieces, octets);
    } finally {
      this.#held -= octets;
      this.#spool.countMemory(-octets);
    }
  }

  async #copyFromFile(target: Uint8Array, offset: number): Promise<void> {
    for await (const piece of this.read()) {
      target.set(piece, offset);
      offset += piece.length;
    }
  }

  /** The header stays in memory, also where it is longer than what went to the file at first. */
  #keepHeader(pieces: readonly Uint8Array[]): void {
    this.#passing ??= new PassingHeader();
    let kept = 0;
    for (const piece of pieces) kept += this.#passing.take(piece);
    this.#passingHeld += kept;
    this.#spool.countMemory(kept);
  }

  #findHeader(): Uint8Array {
    const [first] = this.#pieces;
    // Nearly every header ends in the first piece: then the others need no copying.
    const early = first === undefined ? -1 : headerEnd(first);
    if (first !== undefined && early >= 0) return first.subarray(0, early);
    const start = joinUpTo(this.#pieces, longestHeader);
    const end = headerEnd(start);
    return end < 0 ? start : start.subarray(0, end);
  }

  #assertHeld(): void {
    if (this.#holders > 0) return;
    throw new Error(
      "The message was read after its reply, when it is gone: read it before the handler returns, " +
        "or pass the work to c.executionCtx.waitUntil()",
    );
  }
}

/** The first octets of a message, as one array. */
function joinUpTo(pieces: readonly Uint8Array[], most: number): Uint8Array {
  const joined = new Uint8Array(Math.min(most, pieces.reduce((sum, piece) => sum + piece.length, 0)));
  let at = 0;
  for (const piece of pieces) {
    if (at === joined.length) break;
    joined.set(piece.subarray(0, joined.length - at), at);
    at += Math.min(piece.length, joined.length - at);
  }
  return joined;
}
