/** Who wants all of a message from a file in memory at once: as many as have room there, and the others wait. */

/** One message's place. */
export interface Reading {
  /** Resolves when there is room; rejects when the message is gone before. */
  readonly admitted: Promise<void>;
  /** The message is gone, and with it what was read of it. */
  leave(reason: Error): void;
}

interface Place {
  readonly octets: number;
  readonly admit: () => void;
}

/** The readers of all messages of a server, in the order of their coming. */
export class Readers {
  readonly #hasRoom: (octets: number) => boolean;
  readonly #waiting = new Set<Place>();
  readonly #reading = new Set<Place>();
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
    const place: Place = { octets, admit: resolve };
    this.#waiting.add(place);
    this.admit();
    return {
      admitted,
      leave: (reason) => {
        this.#waiting.delete(place);
        if (this.#reading.delete(place)) this.#octets -= octets;
        // Who waits hears of it; that nobody does is no fault.
        admitted.catch(() => {});
        reject(reason);
        this.admit();
      },
    };
  }

  /** Lets in whom there is room for. One is let in at any rate, or a message above the budget would wait for ever. */
  admit(): void {
    for (const place of this.#waiting) {
      if (this.#reading.size > 0 && !this.#hasRoom(place.octets)) return;
      this.#waiting.delete(place);
      this.#reading.add(place);
      this.#octets += place.octets;
      place.admit();
    }
  }
}
