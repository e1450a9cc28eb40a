/**
 * Deno's stdout and stderr, in writes that only the next write waits for.
 *
 * `process.stdout` has everything wait for a reader that stalls there, the mail too.
 */

import { Buffer } from "node:buffer";

/** `Deno.stdout`, as much of it as is used. */
interface DenoWriter {
  write(bytes: Uint8Array): Promise<number>;
  isTerminal(): boolean;
}

export class DenoStream {
  readonly isTTY: boolean;
  readonly #writer: DenoWriter;
  #last: Promise<void> = Promise.resolve();

  constructor(writer: DenoWriter) {
    this.#writer = writer;
    this.isTTY = writer.isTerminal();
  }

  /** Undefined on other runtimes. */
  static standardOutput(): DenoStream | undefined {
    return DenoStream.#of("stdout");
  }

  /** Undefined on other runtimes. */
  static standardError(): DenoStream | undefined {
    return DenoStream.#of("stderr");
  }

  static #of(name: "stdout" | "stderr"): DenoStream | undefined {
    const writer = Reflect.get(Object(Reflect.get(globalThis, "Deno")), name) as DenoWriter | undefined;
    return writer === undefined ? undefined : new DenoStream(writer);
  }

  /** Calls `done` once the text is out, or lost with whoever read along. */
  write(text: string, done: () => void): void {
    this.#last = this.#last.then(() => this.#writeAll(Buffer.from(text))).catch(() => {}).then(done);
  }

  /** What fails is told to `done` alone. */
  on(): void {}

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#writer.write(bytes.subarray(at));
  }
}
