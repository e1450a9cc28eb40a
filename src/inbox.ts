/** Turns a runtime that pushes bytes into a socket that is pulled from. */

/** How much may lie unread before the runtime is asked to stop. */
const highWater = 64 * 1024;

/** The way from a `data` callback to `read()`. */
export class Inbox {
  readonly #pause: () => void;
  readonly #resume: () => void;
  #chunks: Uint8Array[] = [];
  #size = 0;
  #isPaused = false;
  #hasEnded = false;
  #waiting: ((bytes: Uint8Array | null) => void) | undefined;

  /** @param pause stops the runtime's reading, so that the peer is held back; `resume` starts it again. */
  constructor(pause: () => void, resume: () => void) {
    this.#pause = pause;
    this.#resume = resume;
  }

  /** The runtime brought bytes. After `end` they are dropped. */
  push(bytes: Uint8Array): void {
    if (this.#hasEnded) return;
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      return waiting(bytes);
    }
    this.#chunks.push(bytes);
    this.#size += bytes.length;
    if (this.#size < highWater || this.#isPaused) return;
    this.#isPaused = true;
    this.#pause();
  }

  /** There will be no more: what is here can still be read. May be called twice. */
  end(): void {
    this.#hasEnded = true;
    this.#waiting?.(null);
    this.#waiting = undefined;
  }

  /** Nobody will read any more: what is here, and what comes, is dropped. */
  discard(): void {
    this.end();
    this.#chunks = [];
    this.#size = 0;
    this.#letIn();
  }

  /** The next bytes, or null at the end. */
  read(): Promise<Uint8Array | null> {
    const bytes = this.#chunks.shift();
    if (bytes !== undefined) {
      this.#size -= bytes.length;
      if (this.#size === 0) this.#letIn();
      return Promise.resolve(bytes);
    }
    if (this.#hasEnded) return Promise.resolve(null);
    return new Promise((resolve) => this.#waiting = resolve);
  }

  #letIn(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#resume();
  }
}
