/** One spooled message: pieces in memory, and a file once they are too many. */

import { headerEnd } from "../protocol/header.ts";
import { type Content, StorageError } from "../session/content.ts";
import type { SpoolFile } from "./file.ts";
import { PassingHeader } from "./header.ts";
import type { Reading } from "./readers.ts";
import type { Spool } from "./spool.ts";

/** Smaller pieces than this are gathered, so that a message in crumbs does not cost an object for each. */
const gatherBelow = 512;
const gatherSize = 4096;

/** A file gets this much at a time, and the rest is in memory: a message in crumbs does not cost a write for each. */
const writeSize = 32 * 1024;

/** A header may be this long, in octets, also when memory is used up: it cannot be moved to the file. */
const headerAllowance = 16 * 1024;

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
  /** A copy of the header section: of octets that go to a file, or that came in many pieces. */
  #passing: PassingHeader | undefined;
  #passingHeld = 0;
  /** Where somebody wants all of it as one array, which comes to memory beside the pieces. */
  #reading: Reading | undefined;
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
      this.#endTail();
      this.#pieces.push(piece);
    } else this.#gather(piece);
  }

  settle(): Promise<void> | undefined {
    if (this.#passingHeld > headerAllowance && this.#spool.isMemoryFull) {
      return Promise.reject(new StorageError("The spool's memory budget has no room for so long a header"));
    }
    const most = this.#file === undefined ? this.#spool.memoryPerMessage : writeSize;
    if (this.#held === 0 || (this.#held <= most && !this.#spool.isMemoryFull)) return;
    return this.#moveToFile();
  }

  get pieces(): readonly Uint8Array[] | undefined {
    this.#assertHeld();
    return this.#file === undefined ? this.#pieces : undefined;
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

  makeRoom(): Promise<void> | undefined {
    this.#assertHeld();
    this.#reading ??= this.#spool.readers.enter(this.#size);
    return this.#reading.admitted;
  }

  drop(): void {
    this.#spool.countMemory(-this.#held - this.#passingHeld);
    this.#held = this.#passingHeld = 0;
    this.#pieces = [];
    this.#tail = this.#header = this.#passing = undefined;
    this.#reading?.leave(goneError());
    this.#reading = undefined;
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

  /** No more comes to the buffer at the end: what it does not use is given back. */
  #endTail(): void {
    if (this.#tail !== undefined && this.#tailUsed * 2 < this.#tail.length) {
      this.#pieces[this.#pieces.length - 1] = this.#tail.slice(0, this.#tailUsed);
    }
    this.#tail = undefined;
  }

  async #moveToFile(): Promise<void> {
    const pieces = this.#pieces;
    const octets = this.#held;
    this.#pieces = [];
    this.#tail = undefined;
    if (this.#passing === undefined) this.#keepHeader(pieces);
    try {
      this.#file ??= await this.#openFile();
      await this.#file.write(pieces, octets);
    } finally {
      this.#held -= octets;
      this.#spool.countMemory(-octets);
    }
  }

  async #openFile(): Promise<SpoolFile> {
    try {
      const { SpoolFile } = await import("./file.ts");
      return await SpoolFile.create(this.#spool);
    } catch (cause) {
      throw cause instanceof StorageError ? cause : new StorageError("Cannot keep messages in files", { cause });
    }
  }

  async #copyFromFile(target: Uint8Array, offset: number): Promise<void> {
    for await (const piece of this.read()) {
      target.set(piece, offset);
      offset += piece.length;
    }
  }

  /** The header stays in memory, also where it is longer than what went to the file at first. */
  #keepHeader(pieces: readonly Uint8Array[]): PassingHeader {
    const passing = this.#passing ??= new PassingHeader();
    let kept = 0;
    for (const piece of pieces) {
      if (passing.isWhole) break;
      kept += passing.take(piece);
    }
    this.#passingHeld += kept;
    this.#spool.countMemory(kept);
    return passing;
  }

  #findHeader(): Uint8Array {
    const [first] = this.#pieces;
    // Nearly every header ends in the first piece: then nothing is copied.
    const early = first === undefined ? -1 : headerEnd(first);
    if (first !== undefined && early >= 0) return first.subarray(0, early);
    return this.#keepHeader(this.#pieces).octets;
  }

  #assertHeld(): void {
    if (this.#holders > 0) return;
    throw goneError();
  }
}

function goneError(): Error {
  return new Error(
    "The message was read after its reply, when it is gone: read it before the handler returns, " +
      "or pass the work to c.executionCtx.waitUntil()",
  );
}
