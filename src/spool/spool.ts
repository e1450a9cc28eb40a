/** Where messages lie while they are received and handled: in memory, and past its limits in temporary files. */

import { type Content, type OpenContent, StorageError } from "../session/content.ts";
import { SpooledMessage } from "./message.ts";

/** What can be set for the spool; sizes in octets. */
export interface SpoolOptions {
  /** How much of one message is kept in memory before it goes to a file. Default 1 MiB. */
  readonly memoryPerMessage?: number;
  /** How much all messages together may keep in memory before the next ones go to files. Default 256 MiB. */
  readonly memoryBudget?: number;
  /** How much all messages together may keep in files before the sender is asked to come back, 452 4.3.1. Default: the disk. */
  readonly diskBudget?: number;
  /** Where the files are made. Default: the system's folder for temporary files. */
  readonly directory?: string;
}

/** The room that all messages of a server share. */
export class Spool {
  readonly memoryPerMessage: number;
  readonly directory: string | undefined;
  readonly #memoryBudget: number;
  readonly #diskBudget: number;
  #inMemory = 0;
  #onDisk = 0;

  constructor(options: SpoolOptions = {}) {
    this.memoryPerMessage = options.memoryPerMessage ?? 1024 * 1024;
    this.directory = options.directory;
    this.#memoryBudget = options.memoryBudget ?? 256 * 1024 * 1024;
    this.#diskBudget = options.diskBudget ?? Infinity;
  }

  /** Octets of messages in memory. */
  get inMemory(): number {
    return this.#inMemory;
  }

  /** Octets of messages in files. */
  get onDisk(): number {
    return this.#onDisk;
  }

  /** Whether memory is used up, so that a message should move on to a file. */
  get isMemoryFull(): boolean {
    return this.#inMemory > this.#memoryBudget;
  }

  /** Makes room for one message. */
  readonly open: OpenContent = (): Content => new SpooledMessage(this);

  /** Counts octets that came to memory, or with a negative number left it. */
  countMemory(octets: number): void {
    this.#inMemory += octets;
  }

  /**
   * Counts octets that go to a file, or with a negative number left it.
   *
   * @throws {StorageError} when the disk budget has no room for them.
   */
  countDisk(octets: number): void {
    if (octets > 0 && this.#onDisk + octets > this.#diskBudget) {
      throw new StorageError(`The spool's disk budget of ${this.#diskBudget} octets is spent`);
    }
    this.#onDisk += octets;
  }
}
