/**
 * What a running program has printed so far, and waiting for what it is about to print.
 *
 * @module
 */

/** Text that grows until its program ends. */
export class Printed {
  readonly #program: string;
  readonly #watchers = new Set<() => void>();
  #text = "";
  #ended = false;

  constructor(program: string) {
    this.#program = program;
  }

  get text(): string {
    return this.#text;
  }

  /** Appends. */
  add(text: string): void {
    this.#text += text;
    for (const watcher of this.#watchers) watcher();
  }

  /** No more text comes. */
  end(): void {
    this.#ended = true;
    for (const watcher of this.#watchers) watcher();
  }

  /** The first match of the pattern; rejects when the program ends, or the time is over, before there is one. */
  async saw(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray> {
    return await this.until((text) => pattern.exec(text) ?? undefined, `${pattern}`, timeoutMs);
  }

  /** Looks at the text whenever it has grown, until `look` gives something. Default time: 15 000 ms. */
  until<T>(look: (text: string) => T | undefined, what: string, timeoutMs = 15_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
      };
      const fail = (how: string): void => {
        settle();
        reject(new Error(`${this.#program} ${how} without printing ${what}; it printed:\n${this.#text}`));
      };
      const watcher = (): void => {
        const found = look(this.#text);
        if (found !== undefined) {
          settle();
          resolve(found);
        } else if (this.#ended) fail("ended");
      };
      const timer = setTimeout(() => fail(`ran ${timeoutMs} ms`), timeoutMs);
      this.#watchers.add(watcher);
      watcher();
    });
  }
}
