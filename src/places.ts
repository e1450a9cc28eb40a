/** Places for connections: how many there are in all, and for one address. */

/** Why somebody is not let in. */
export type Full = "too many connections" | "too many connections from one address";

/** Where a connection asks for its place. */
export interface Places {
  /** Takes a place, or says why there is none; a promise when others have to be asked. */
  take(address: string): Full | undefined | Promise<Full | undefined>;
  /** Gives the place back. */
  leave(address: string): void;
}

/** The places of one process. */
export class CountedPlaces implements Places {
  readonly #most: number;
  readonly #mostPerAddress: number;
  readonly #perAddress = new Map<string, number>();
  #taken = 0;

  constructor(most: number, mostPerAddress: number) {
    this.#most = most;
    this.#mostPerAddress = mostPerAddress;
  }

  take(address: string): Full | undefined {
    const fromHere = this.#perAddress.get(address) ?? 0;
    if (this.#taken >= this.#most) return "too many connections";
    // A Unix socket has no address to tell one client from the other.
    if (address !== "" && fromHere >= this.#mostPerAddress) return "too many connections from one address";
    this.#taken++;
    this.#perAddress.set(address, fromHere + 1);
    return undefined;
  }

  leave(address: string): void {
    this.#taken--;
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(address);
    else this.#perAddress.set(address, left);
  }
}
