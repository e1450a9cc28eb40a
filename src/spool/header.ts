/** The header section of a message whose octets go to a file: handlers read it without waiting. */

import { headerEnd } from "../protocol/header.ts";
import { longestHeader } from "../session/content.ts";

/** How many octets are looked at in one go. */
const step = 4096;

/** Keeps the octets of a header section as they pass by. */
export class PassingHeader {
  #octets = new Uint8Array(step);
  #used = 0;
  #isWhole = false;

  /** What has passed of the header section. */
  get octets(): Uint8Array {
    return this.#octets.subarray(0, this.#used);
  }

  /** Whether no more is kept. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Takes the message's next octets; returns how many were kept. */
  take(piece: Uint8Array): number {
    const before = this.#used;
    // By and by: there is no use in room for a whole piece of which the header's end is the beginning.
    for (let at = 0; at < piece.length && !this.#isWhole; at += step) this.#keep(piece.subarray(at, at + step));
    return this.#used - before;
  }

  #keep(piece: Uint8Array): void {
    const before = this.#used;
    const kept = piece.subarray(0, longestHeader - before);
    this.#makeRoom(before + kept.length);
    this.#octets.set(kept, before);
    this.#used = before + kept.length;
    // The empty line may have begun in the octets before: CRLF CRLF has its first LF three octets back.
    const end = headerEnd(this.octets, Math.max(0, before - 2));
    if (end >= 0) this.#used = end;
    this.#isWhole = end >= 0 || this.#used === longestHeader;
  }

  #makeRoom(octets: number): void {
    if (octets <= this.#octets.length) return;
    const larger = new Uint8Array(Math.max(octets, Math.min(this.#octets.length * 2, longestHeader)));
    larger.set(this.octets);
    this.#octets = larger;
  }
}
