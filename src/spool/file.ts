/** A temporary file without a name: whatever becomes of the process, nothing is left behind. */

import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError } from "../session/content.ts";
import type { Spool } from "./spool.ts";

const readSize = 64 * 1024;

export class SpoolFile {
  readonly #handle: FileHandle;
  readonly #spool: Spool;
  /** Set where a file in use cannot lose its name (Windows): then it goes when it is closed. */
  readonly #path: string | undefined;
  #size = 0;
  /** Reads under way; the file is closed when none is left. */
  #busy = 0;
  #isClosed = false;

  private constructor(handle: FileHandle, spool: Spool, path: string | undefined) {
    this.#handle = handle;
    this.#spool = spool;
    this.#path = path;
  }

  /** @throws {StorageError} when the folder is gone, full, or not ours. */
  static async create(spool: Spool): Promise<SpoolFile> {
    const path = join(spool.directory ?? tmpdir(), `postern-${crypto.randomUUID()}.eml`);
    try {
      const handle = await open(path, "wx+", 0o600);
      const isNameless = await unlink(path).then(() => true, () => false);
      return new SpoolFile(handle, spool, isNameless ? undefined : path);
    } catch (cause) {
      throw new StorageError(`Cannot create a temporary file for a message at ${path}`, { cause });
    }
  }

  /** Appends. @throws {StorageError} when it does not fit. */
  async write(pieces: readonly Uint8Array[], octets: number): Promise<void> {
    this.#spool.countDisk(octets);
    const target = this.#size + octets;
    this.#busy++;
    try {
      for (const piece of pieces) {
        let done = 0;
        while (done < piece.length) {
          const { bytesWritten } = await this.#handle.write(piece, done, piece.length - done, this.#size);
          done += bytesWritten;
          this.#size += bytesWritten;
        }
      }
    } catch (cause) {
      this.#spool.countDisk(this.#size - target);
      throw new StorageError("Cannot write a message to its temporary file", { cause });
    } finally {
      this.#busy--;
      this.#closeWhenIdle();
    }
  }

  /** Up to 64 KiB from an octet on; fewer only at the end. The caller owns them. */
  async read(at: number): Promise<Uint8Array> {
    this.#busy++;
    try {
      const buffer = new Uint8Array(Math.min(readSize, this.#size - at));
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, at);
      return buffer.subarray(0, bytesRead);
    } finally {
      this.#busy--;
      this.#closeWhenIdle();
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#spool.countDisk(-this.#size);
    this.#closeWhenIdle();
  }

  #closeWhenIdle(): void {
    if (!this.#isClosed || this.#busy > 0) return;
    // Nobody could act on a failure here: the file has no name any more, and its octets were counted back.
    this.#handle.close().catch(() => {});
    if (this.#path !== undefined) unlink(this.#path).catch(() => {});
  }
}
