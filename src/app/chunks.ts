/** A message's octets on their way to one reader. */

import type { Content } from "../session/content.ts";

/**
 * The head, then the content behind it.
 *
 * Written out, because an async generator costs a small message more than all the rest of its way.
 */
export class Chunks implements AsyncIterableIterator<Uint8Array> {
  readonly #content: Content;
  #head: Uint8Array | undefined;
  /** Octets of the content that the head stands for. */
  #skip: number;
  #at = 0;
  /** Where not everything is in memory. */
  #reading: AsyncIterator<Uint8Array> | undefined;
  #isOver = false;

  /**
   * @param head what stands before the content; not handed out when it is empty.
   * @param skip how many octets of the content are left out.
   */
  constructor(head: Uint8Array, content: Content, skip: number) {
    this.#head = head.length === 0 ? undefined : head;
    this.#content = content;
    this.#skip = skip;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const head = this.#head;
    if (head !== undefined) {
      this.#head = undefined;
      return Promise.resolve({ done: false, value: head });
    }
    if (this.#isOver) return Promise.resolve(over);
    if (this.#reading !== undefined || this.#skip > 0) return this.#read();
    try {
      const { pieces } = this.#content;
      if (pieces === undefined) return this.#read();
      const value = pieces[this.#at++];
      return Promise.resolve(value === undefined ? over : { done: false, value });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#head = undefined;
    this.#isOver = true;
    return this.#reading?.return?.() ?? Promise.resolve(over);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #read(): Promise<IteratorResult<Uint8Array>> {
    this.#reading ??= this.#content.read()[Symbol.asyncIterator]();
    while (true) {
      const result = await this.#reading.next();
      if (result.done || this.#skip === 0) return result;
      const { value } = result;
      const skipped = Math.min(this.#skip, value.length);
      this.#skip -= skipped;
      if (skipped < value.length) return { done: false, value: value.subarray(skipped) };
    }
  }
}

const over = { done: true, value: undefined } as const;
