/** What a parent asks its workers, and who waits for the answers. */

import type { ChildProcess } from "node:child_process";
import type { Answer } from "./messages.ts";

export class Questions {
  readonly #waiting = new Map<number, (answer: Answer | undefined) => void>();
  #asked = 0;

  /** A worker answered. */
  hear(id: number, answer: Answer): void {
    this.#waiting.get(id)?.(answer);
  }

  /**
   * Asks one; undefined when it ends meanwhile, or does not answer in time.
   *
   * @param patience milliseconds.
   */
  put(
    worker: ChildProcess,
    tell: (worker: ChildProcess, id: number) => void,
    patience: number,
  ): Promise<Answer | undefined> {
    const id = ++this.#asked;
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(undefined), patience);
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
