/** Where a message lies from its first octet until it has been answered. */

/** A header section that is longer, in octets, is not read to its end. */
export const longestHeader: number = 1024 * 1024;

/** The octets of one message, exactly as the client meant them: dot-stuffing undone, nothing added. */
export interface Content {
  /** Octets so far. */
  readonly size: number;
  /** The header section: the octets up to the empty line, or up to `longestHeader` of a message that has none till there. */
  readonly header: Uint8Array;
  /** Takes the next octets. They may be a view: the caller does not change them afterwards. */
  append(piece: Uint8Array): void;
  /**
   * Lets go of what memory may not hold. Called after each batch of `append`; await a promise before the next. Rejects
   * with a `StorageError`.
   */
  settle(): Promise<void> | undefined;
  /** All octets, where they are in memory: whoever looks need not wait. Nobody changes them. */
  readonly pieces: readonly Uint8Array[] | undefined;
  /** All octets, from the start, as often as wanted. */
  read(): AsyncIterable<Uint8Array>;
  /** Writes all octets into `target`, from `offset` on. A promise, where they have to be fetched. */
  copyTo(target: Uint8Array, offset: number): Promise<void> | undefined;
  /**
   * Waits until memory has room for all octets at once: to be asked before they are gathered. The message's end gives
   * it back.
   */
  makeRoom(): Promise<void> | undefined;
  /** Forgets the octets, not their number: the message will be refused. */
  drop(): void;
  /** One more holder: the message stays readable until each of them has released it. */
  hold(): void;
  /** Memory and disk are given back once nobody holds the message. Whoever reads afterwards gets an error. */
  release(): void;
}

/** Makes room for one message. */
export type OpenContent = () => Content;

/** The message could not be kept: disk full, folder gone, budget spent. The sender is asked to come back. */
export class StorageError extends Error {
  override readonly name = "StorageError";
}
