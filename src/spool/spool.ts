/** Where messages lie while they are received and handled: in memory, and past its limits in temporary files. */

import { type Content, type OpenContent, StorageError } from "../session/content.ts";
import { SpooledMessage } from "./message.ts";
import { Readers } from "./readers.ts";

/** What can be set for the spool; sizes in octets. */
export interface SpoolOptions {
  /** How much of one message is kept in memory before it goes to a file. Default 1 MiB. */
  readonly memoryPerMessage?: number;
  /**
   * How much of all messages together may be in memory: past it what comes goes to files, and handlers that want a
   * message whole (`bytes()`, `text()`, `parse()`), which is a copy of it, wait for each other. Beyond it each connection
   * has no more than the block that it is sending, and 16 KiB of a header. Default 256 MiB.
   */
  readonly memoryBudget?: number;
  /**
   * How much all messages together may keep in files before the sender is asked to come back, 452 4.3.1. Default: the
   * disk.
   */
  readonly diskBudget?: number;
  /** Where the files are made: a folder that is there. Default: the system's folder for temporary files. */
  readonly directory?: string;
}

const allNames: Readonly<Record<keyof SpoolOptions, true>> = {
  memoryPerMessage: true,
  memoryBudget: true,
  diskBudget: true,
  directory: true,
};

/** What of it can be set. */
export const spoolOptionNames: readonly string[] = Object.keys(allNames);

/** Octets. */
export const defaultMemoryBudget: number = 256 * 1024 * 1024;

/** The room that all messages of a server share. */
export class Spool {
  readonly memoryPerMessage: number;
  readonly directory: string | undefined;
  readonly #memoryBudget: number;
  readonly #diskBudget: number;
  /** Those who want all of a message as one array. */
  readonly readers: Readers = new Readers((octets) => this.inMemory + octets <= this.#memoryBudget);
  #inMemory = 0;
  #onDisk = 0;

  constructor(options: SpoolOptions = {}) {
    this.memoryPerMessage = options.memoryPerMessage ?? 1024 * 1024;
    this.directory = options.directory;
    this.#memoryBudget = options.memoryBudget ?? defaultMemoryBudget;
    this.#diskBudget = options.diskBudget ?? Infinity;
  }

  /** Octets of messages in memory. */
  get inMemory(): number {
    return this.#inMemory + this.readers.octets;
  }

  /** Octets of messages in files. */
  get onDisk(): number {
    return this.#onDisk;
  }

  /** Whether memory is used up, so that a message should move on to a file. */
  get isMemoryFull(): boolean {
    return this.inMemory > this.#memoryBudget;
  }

  /** Makes room for one message. */
  readonly open: OpenContent = (): Content => new SpooledMessage(this);

  /** Counts octets that came to memory, or with a negative number left it. */
  countMemory(octets: number): void {
    this.#inMemory += octets;
    if (octets < 0) this.readers.admit();
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
