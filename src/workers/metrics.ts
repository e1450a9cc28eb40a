/** The metrics of all workers, as those of one. */

import type { ChildProcess } from "node:child_process";
import { counted, type Snapshot, summed, text } from "../operations/exposition.ts";
import type { Questions } from "./questions.ts";

type Ask = Parameters<Questions["put"]>[1];

/** How long a worker may take to answer, in milliseconds. */
const patience = 1000;

/**
 * What was counted never becomes less, whatever happens to those who counted: whoever draws rates from sums would take
 * that for a start from nothing, and all that is left for new. So the last numbers of a worker stand for it while it
 * does not answer, and what it counted stays when it has ended.
 */
export class WorkerMetrics {
  readonly #questions: Questions;
  readonly #last = new Map<ChildProcess, Snapshot>();
  #departed: Promise<Snapshot> = Promise.resolve([]);

  constructor(questions: Questions) {
    this.#questions = questions;
  }

  /**
   * Asks the workers, and tells the sums as text.
   *
   * @param starting how many there are that cannot be asked yet.
   */
  async exposition(workers: readonly ChildProcess[], starting: number, ask: Ask): Promise<string> {
    const answers = await Promise.all(workers.map(async (worker) => {
      const answer = (await this.#questions.put(worker, ask, patience))?.value;
      // One that ended meanwhile is among the departed.
      if (answer !== undefined && worker.exitCode === null && worker.signalCode === null) {
        this.#last.set(worker, answer);
      }
      return answer !== undefined;
    }));
    const answered = answers.filter((isThere) => isThere).length;
    const state = stateOf({ answered, silent: answers.length - answered, starting });
    return await text([...this.#last.values(), await this.#departed, state]);
  }

  /** A worker has ended. */
  leave(worker: ChildProcess): void {
    const last = this.#last.get(worker);
    if (last === undefined) return;
    this.#last.delete(worker);
    this.#departed = this.#departed.then(async (departed) => counted(await summed([departed, last])));
  }
}

/** How many workers there are, by what they are at. */
function stateOf(workers: Readonly<Record<string, number>>): Snapshot {
  const values = Object.entries(workers).map(([state, value]) => ({ labels: { state }, value }));
  const metric = { name: "postern_workers", help: "Workers, by whether they answered when asked for their numbers." };
  return [{ ...metric, type: "gauge", aggregator: "sum", values }] as unknown as Snapshot;
}
