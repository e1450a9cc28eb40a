/** The text as it is signed (RFC 6376 sections 3.4.3 to 3.4.5): one hash for each canonicalization, in linear time. */

import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import { setImmediate } from "node:timers";
import type { Content } from "../../session/content.ts";
import type { Canonicalization } from "./canonical.ts";

const [CR, LF, SP, HTAB] = [0x0d, 0x0a, 0x20, 0x09];

/** A text that was hashed. */
export interface HashedBody {
  /** Octets, canonicalized. */
  readonly length: number;
  /** SHA-256 of the first octets, by their number; of all of them by `length`. */
  readonly digests: ReadonlyMap<number, Buffer>;
}

/** Takes the text in pieces, as they come. */
export class BodyHash {
  readonly #hash: Hash = createHash("sha256");
  readonly #isRelaxed: boolean;
  readonly #lengths: readonly number[];
  readonly #digests = new Map<number, Buffer>();
  #length = 0;
  readonly #out = Buffer.allocUnsafe(16 * 1024);
  #used = 0;
  /** What is signed only if something follows: a CR, blanks, and the ends of lines. */
  #hasCr = false;
  #hasBlank = false;
  #lines = 0;

  /** @param lengths values of `l=`: a hash that is at one of them is copied, and goes on. */
  constructor(how: Canonicalization, lengths: Iterable<number>) {
    this.#isRelaxed = how === "relaxed";
    this.#lengths = [...new Set(lengths)].sort((a, b) => a - b);
  }

  update(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; at++) {
      const octet = piece[at]!;
      if (this.#hasCr) {
        this.#hasCr = false;
        if (octet === LF) {
          this.#hasBlank = false;
          this.#lines++;
          continue;
        }
        this.#put(CR);
      }
      if (octet === CR) this.#hasCr = true;
      else if (this.#isRelaxed && (octet === SP || octet === HTAB)) this.#hasBlank = true;
      else this.#put(octet);
    }
  }

  digest(): HashedBody {
    if (this.#hasCr) this.#put(CR);
    // The end of the last line is added where it is missing; to no text at all only by the simple one.
    this.#lines = 0;
    if (this.#length + this.#used > 0 || !this.#isRelaxed) this.#putLine();
    this.#flush();
    this.#digests.set(this.#length, this.#hash.digest());
    return { length: this.#length, digests: this.#digests };
  }

  /** Empty lines, and blanks within a line, are signed once something stands behind them. */
  #put(octet: number): void {
    for (; this.#lines > 0; this.#lines--) this.#putLine();
    if (this.#hasBlank) this.#write(SP);
    this.#hasBlank = false;
    this.#write(octet);
  }

  #putLine(): void {
    this.#write(CR);
    this.#write(LF);
  }

  #write(octet: number): void {
    if (this.#used === this.#out.length) this.#flush();
    this.#out[this.#used++] = octet;
  }

  #flush(): void {
    let from = 0;
    for (const length of this.#lengths) {
      if (this.#digests.has(length)) continue;
      const upTo = length - this.#length;
      if (upTo >= this.#used) break;
      this.#hash.update(this.#out.subarray(from, upTo));
      this.#digests.set(length, this.#hash.copy().digest());
      from = upTo;
    }
    this.#hash.update(this.#out.subarray(from, this.#used));
    this.#length += this.#used;
    this.#used = 0;
  }
}

/** So many octets take some milliseconds; then others have their turn. */
const atOnce = 256 * 1024;

/**
 * Hashes the text of a message.
 *
 * @param wanted the canonicalizations, each with the values of `l=` it is asked for.
 * @returns undefined once the signal has fired.
 */
export async function hashBody(
  content: Content,
  wanted: ReadonlyMap<Canonicalization, readonly number[]>,
  signal: AbortSignal,
): Promise<ReadonlyMap<Canonicalization, HashedBody> | undefined> {
  const hashes = [...wanted].map(([how, lengths]) => [how, new BodyHash(how, lengths)] as const);
  // The empty line belongs to neither.
  let skip = content.header.length + 2;
  let since = 0;
  for await (const piece of content.read()) {
    for (let at = Math.min(skip, piece.length); at < piece.length; at += atOnce) {
      const part = piece.subarray(at, at + atOnce);
      for (const [, hash] of hashes) hash.update(part);
      since += part.length;
      if (since >= atOnce) {
        since = 0;
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      if (signal.aborted) return undefined;
    }
    skip = Math.max(0, skip - piece.length);
  }
  return new Map(hashes.map(([how, hash]) => [how, hash.digest()]));
}
