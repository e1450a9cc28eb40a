/** What a parent asks its workers, and who waits for the answers. */

import type { ChildProcess } from "node:child_process";
import type { Answer } from "./messages.ts";

export class Questions {
  readonly #waiting = new Map<number, (answer: Answer | undefined) => void>();
  #asked = 0;

  /**
   * Asks each of them; one that ends meanwhile is left out.
   *
   * @throws {Error} when one could not do it.
   */
  async ask(workers: readonly ChildProcess[], tell: (worker: ChildProcess, id: number) => void): Promise<Answer[]> {
    const all = await Promise.all(workers.map((worker) => this.put(worker, tell)));
    const answers = all.filter((answer) => answer !== undefined);
    const failure = answers.find(({ error }) => error !== undefined);
    if (failure !== undefined) throw new Error(failure.error);
    return answers;
  }

  /** A worker answered. */
  hear(id: number, answer: Answer): void {
    this.#waiting.get(id)?.(answer);
  }

  /**
   * Asks one; undefined when it ends meanwhile, or does not answer in time.
   *
   * @param patience milliseconds. Default: as long as it lives.
   */
  put(
    worker: ChildProcess,
    tell: (worker: ChildProcess, id: number) => void,
    patience?: number,
  ): Promise<Answer | undefined> {
    const id = ++this.#asked;
    return new Promise((resolve) => {
      const timer = patience === undefined ? undefined : setTimeout(() => done(undefined), patience);
      const done = (answer: Answer | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        worker.off("exit", gone);
        resolve(answer);
      };
      const gone = () => done(undefined);
      this.#waiting.set(id, done);
      worker.once("exit", gone);
      tell(worker, id);
    });
  }
}
