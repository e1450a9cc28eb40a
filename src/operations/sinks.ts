/** Where transcripts go: files, and streams of the user's. What goes wrong there never reaches a session. */

import { appendFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { makeDirectory } from "./directory.ts";
import type { Sink } from "./transcript.ts";

/** Nobody else may read it. */
const mode = 0o600;

/** A new file. It is open only while something is written: sessions need the file descriptors. */
export class FileSink implements Sink {
  readonly #path: string;
  readonly #failed: (error: unknown) => void;
  readonly #written: () => void;
  #pending = "";
  #isBegun = false;
  #isBroken = false;
  #writing: Promise<void> | undefined;

  /** @param written called once the file is there, and everything in it. */
  constructor(path: string, failed: (error: unknown) => void, written: () => void) {
    this.#path = path;
    this.#failed = failed;
    this.#written = written;
  }

  write(text: string): void {
    if (this.#isBroken) return;
    this.#pending += text;
    this.#writing ??= this.#drain();
  }

  async end(): Promise<void> {
    await this.#writing;
    // Not at its beginning: a full disk has room for empty files.
    if (!this.#isBroken) this.#written();
  }

  /** Writes what there is, and what comes meanwhile, in as few pieces as that makes. */
  async #drain(): Promise<void> {
    try {
      if (!this.#isBegun) await this.#begin();
      while (this.#pending !== "") {
        const text = this.#pending;
        this.#pending = "";
        await appendFile(this.#path, text, { mode });
      }
    } catch (error) {
      this.#isBroken = true;
      this.#pending = "";
      this.#failed(error);
    } finally {
      this.#writing = undefined;
    }
  }

  async #begin(): Promise<void> {
    // A directory that a function named, or that was taken away while the server runs.
    makeDirectory(dirname(this.#path));
    await writeFile(this.#path, "", { flag: "wx", mode });
    this.#isBegun = true;
  }
}

const encoder = new TextEncoder();

/** A stream of the user's, which gets UTF-8 and is closed at the end. */
export class StreamSink implements Sink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #failed: (error: unknown) => void;

  /** @throws {TypeError} when somebody else writes to it. */
  constructor(stream: WritableStream<Uint8Array>, failed: (error: unknown) => void) {
    this.#writer = stream.getWriter();
    this.#failed = failed;
    // Whatever is wrong with it shows at a write.
    this.#writer.closed.catch(() => {});
  }

  write(text: string): void {
    this.#writer.write(encoder.encode(text)).catch(this.#failed);
  }

  async end(): Promise<void> {
    await this.#writer.close().catch(this.#failed);
  }
}
