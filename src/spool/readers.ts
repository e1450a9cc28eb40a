/** Who wants all of a message from a file in memory at once: as many as have room there, and the others wait. */

/** One message's reading. */
export interface Reading {
  /** Resolves when there is room; rejects when the message is gone before. */
  readonly admitted: Promise<void>;
  /** The message is gone, and with it what was read of it. */
  leave(reason: Error): void;
}

/** Who wants one message whole. */
interface Reader {
  readonly octets: number;
  readonly admit: () => void;
}

/** The readers of all messages of a server, in the order of their coming. */
export class Readers {
  readonly #hasRoom: (octets: number) => boolean;
  readonly #waiting = new Set<Reader>();
  readonly #reading = new Set<Reader>();
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
    let [resolve, reject] = [(): void => {}, (_: Error): void => {}];
    const admitted = new Promise<void>((...settle) => [resolve, reject] = settle);
    const reader: Reader = { octets, admit: resolve };
    this.#waiting.add(reader);
    this.admit();
    return {
      admitted,
      leave: (reason) => {
        this.#waiting.delete(reader);
        if (this.#reading.delete(reader)) this.#octets -= octets;
        // Who waits hears of it; that nobody does is no fault.
        admitted.catch(() => {});
        reject(reason);
        this.admit();
      },
    };
  }

  /** Lets in whom there is room for. One is let in at any rate, or a message above the budget would wait for ever. */
  admit(): void {
    for (const reader of this.#waiting) {
      if (this.#reading.size > 0 && !this.#hasRoom(reader.octets)) return;
      this.#waiting.delete(reader);
      this.#reading.add(reader);
      this.#octets += reader.octets;
      reader.admit();
    }
  }
}
