/** A message without the trace fields at its front: what the sender sent, as the forwarder saw it. */

import { headerEnd } from "../protocol/header.ts";
import type { Content } from "../session/content.ts";

export class OffsetContent implements Content {
  readonly #whole: Content;
  readonly #offset: number;

  private constructor(whole: Content, offset: number) {
    this.#whole = whole;
    this.#offset = offset;
  }

  /** Parts a message from its trace fields. */
  static async split(
    whole: Content,
    offset: number,
  ): Promise<{ readonly trace: string; readonly content: Content }> {
    const head = new Uint8Array(offset);
    let filled = 0;
    for await (const piece of whole.read()) {
      head.set(piece.subarray(0, offset - filled), filled);
      filled += Math.min(piece.length, offset - filled);
      if (filled === offset) break;
    }
    return { trace: new TextDecoder().decode(head), content: new OffsetContent(whole, offset) };
  }

  get size(): number {
    return this.#whole.size - this.#offset;
  }

  get header(): Uint8Array {
    const rest = this.#whole.header.subarray(this.#offset);
    // A message of the sender's without a header: then the header of the whole was the trace alone.
    const end = headerEnd(rest);
    return end < 0 ? rest : rest.subarray(0, end);
  }

  /** Its first piece is cut: whoever reads waits for it. */
  get pieces(): undefined {
    return undefined;
  }

  async *read(): AsyncIterable<Uint8Array> {
    let skip = this.#offset;
    for await (const piece of this.#whole.read()) {
      if (skip >= piece.length) {
        skip -= piece.length;
        continue;
      }
      yield piece.subarray(skip);
      skip = 0;
    }
  }

  async copyTo(target: Uint8Array, offset: number): Promise<void> {
    for await (const piece of this.read()) {
      target.set(piece, offset);
      offset += piece.length;
    }
  }

  append(): never {
    throw new TypeError("Cannot append to a message that is complete");
  }

  settle(): undefined {}

  makeRoom(): Promise<void> | undefined {
    return this.#whole.makeRoom();
  }

  drop(): void {
    this.#whole.drop();
  }

  hold(): void {
    this.#whole.hold();
  }

  release(): void {
    this.#whole.release();
  }
}
