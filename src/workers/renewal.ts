/** The certificates of all workers: exchanged at those that are there, and at those that come meanwhile. */

import type { ChildProcess } from "node:child_process";
import type { TlsOptions } from "../tls/options.ts";
import { logNotRenewed } from "./log.ts";
import type { Answer, FromParent } from "./messages.ts";
import type { Questions } from "./questions.ts";
import type { Slot } from "./slot.ts";

/** How long a worker may take to answer, in milliseconds: it shakes hands with itself, and others may do so as well. */
const patience = 10_000;

export class Renewal {
  readonly #slots: readonly Slot[];
  readonly #questions: Questions;
  readonly #tell: (child: ChildProcess, message: FromParent) => void;
  /** What each worker has, or was told to take; nothing for what it was started with. */
  readonly #given = new WeakMap<ChildProcess, TlsOptions>();
  #tls: TlsOptions | undefined;
  /** One reload waits for the one before: the last one counts. */
  #last: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(
    slots: readonly Slot[],
    questions: Questions,
    tell: (child: ChildProcess, message: FromParent) => void,
  ) {
    this.#slots = slots;
    this.#questions = questions;
    this.#tell = tell;
  }

  /** What a worker is to start with. */
  welcome(child: ChildProcess): TlsOptions | undefined {
    if (this.#tls !== undefined) this.#given.set(child, this.#tls);
    return this.#tls;
  }

  /** Resolves once all workers that listen have new certificates. */
  reload(tls: TlsOptions): Promise<void> {
    // A copy: which reload it was is told by the object.
    const own = { ...tls };
    const reloading = this.#last.then(() => this.#reload(own));
    this.#last = reloading.catch(() => {});
    return reloading;
  }

  /** A worker listens: what was exchanged while it started, it has not heard of. */
  ready(slot: Slot): void {
    const tls = this.#tls;
    if (tls === undefined || slot.child === undefined || this.#given.get(slot.child) === tls) return;
    this.#ask(slot, slot.child, tls).catch((error: Error) => logNotRenewed(slot.number, error.message));
  }

  /** The server closes. */
  end(): void {
    this.#isOver = true;
  }

  async #reload(tls: TlsOptions): Promise<void> {
    const outcomes: (Error | Answer)[] = [];
    // Those that become ready meanwhile have not heard of it.
    while (true) {
      if (this.#isOver) throw new Error("Cannot reload TLS certificates: the server is closed");
      const asked = this.#slots.flatMap((slot) => {
        const { child, isReady } = slot;
        if (child === undefined || !isReady || this.#given.get(child) === tls) return [];
        return [this.#ask(slot, child, tls).catch((error: Error) => error)];
      });
      if (asked.length === 0) break;
      outcomes.push(...(await Promise.all(asked)).filter((outcome) => outcome !== undefined));
    }
    if (outcomes.length === 0) throw new Error("Cannot reload TLS certificates: no worker is ready");
    const failure = outcomes.find((outcome) => outcome instanceof Error);
    const hasSuccess = outcomes.some((outcome) => !(outcome instanceof Error));
    const isRefused = outcomes.some((outcome) => outcome instanceof Error && !(outcome instanceof SilenceError));
    if (hasSuccess && !isRefused) this.#tls = tls;
    if (failure !== undefined) throw failure;
  }

  /** Undefined for a worker that ended meanwhile. */
  async #ask(slot: Slot, child: ChildProcess, tls: TlsOptions): Promise<Answer | undefined> {
    this.#given.set(child, tls);
    const ask = (worker: ChildProcess, id: number) => this.#tell(worker, { type: "reload", id, tls });
    const answer = await this.#questions.put(child, ask, patience);
    if (answer?.error !== undefined) throw new Error(answer.error);
    if (answer === undefined && slot.child === child) {
      const who = `worker ${slot.number + 1}, pid ${child.pid},`;
      throw new SilenceError(`${who} did not answer within ${patience / 1000} s; it takes them once it can`);
    }
    return answer;
  }
}

/** A worker hangs. */
class SilenceError extends Error {}
