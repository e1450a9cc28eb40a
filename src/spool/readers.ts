/** Who wants all of a message as one array: as many as have room in memory, and the others wait. */

/** One message's reading. */
export interface Reading {
  /** Resolves when there is room; rejects when the message is gone before. Undefined: there was room at once. */
  readonly admitted: Promise<void> | undefined;
  /** The message is gone, and with it what was read of it. */
  leave(reason: Error): void;
}

/** The readers of all messages of a server, in the order of their coming. */
export class Readers {
  readonly #hasRoom: (octets: number) => boolean;
  readonly #waiting = new Set<Reader>();
  #reading = 0;
  #octets = 0;

  /** @param hasRoom whether memory has room for so many octets more. */
  constructor(hasRoom: (octets: number) => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** Octets of the messages that were let in. */
  get octets(): number {
    return this.#octets;
  }

  /** Asks for room for a message. */
  enter(octets: number): Reading {
    const reader = new Reader(octets, this);
    if (this.#waiting.size === 0 && this.#letIn(reader)) return reader;
    reader.wait();
    this.#waiting.add(reader);
    return reader;
  }

  /** Lets in whom there is room for. */
  admit(): void {
    for (const reader of this.#waiting) {
      if (!this.#letIn(reader)) return;
      this.#waiting.delete(reader);
    }
  }

  /** One is let in at any rate, or a message above the budget would wait for ever. */
  #letIn(reader: Reader): boolean {
    if (this.#reading > 0 && !this.#hasRoom(reader.octets)) return false;
    this.#reading++;
    this.#octets += reader.octets;
    reader.begin();
    return true;
  }

  /** A message is gone, whether it was let in or waits. */
  leave(reader: Reader): void {
    if (!this.#waiting.delete(reader)) {
      this.#reading--;
      this.#octets -= reader.octets;
    }
    this.admit();
  }
}

/** Who wants one message whole. */
class Reader implements Reading {
  readonly octets: number;
  readonly #readers: Readers;
  #resolve: (() => void) | undefined;
  #reject: ((reason: Error) => void) | undefined;
  admitted: Promise<void> | undefined;

  constructor(octets: number, readers: Readers) {
    this.octets = octets;
    this.#readers = readers;
  }

  wait(): void {
    this.admitted = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who waits hears of it when the message goes; that nobody does is no fault.
    this.admitted.catch(() => {});
  }

  begin(): void {
    this.#resolve?.();
  }

  leave(reason: Error): void {
    this.#reject?.(reason);
    this.#readers.leave(this);
  }
}
