/** The parent of the workers: it serves nothing itself. It starts them, replaces those that end, and stops them. */

import type { ChildProcess } from "node:child_process";
import type { MailHandler } from "../app/handler.ts";
import { defaultGrace } from "../limits.ts";
import type { HttpBeside, ListenHttp } from "../operations/http.ts";
import { listenersOf, type ServeOptions } from "../options.ts";
import type { BoundAddress, Server } from "../server.ts";
import { serveHttp } from "./http.ts";
import { Ledger } from "./ledger.ts";
import { logEnded, logFailed, logReady, logUnstarted } from "./log.ts";
import { type FromParent, type FromWorker, opened, sealed } from "./messages.ts";
import { WorkerMetrics } from "./metrics.ts";
import { type Processes, workerEnvironment } from "./processes.ts";
import { Questions } from "./questions.ts";
import { Renewal } from "./renewal.ts";
import { Slot } from "./slot.ts";
import { after, longestTimer } from "../timer.ts";

/** A worker could not begin to serve: the message is its own. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
  /** The exit status it asked for. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Beyond the grace: milliseconds after which a worker that does not end is killed. */
const margin = 3000;

/** Ctrl-C reaches all processes: milliseconds until a worker that ended well, maybe only sooner than we, is missed. */
const echo = 50;

let hasStarted = false;

/**
 * Starts workers; resolves once all of them listen.
 *
 * @throws {TypeError} where there can be none.
 * @throws {WorkerError} when one of them cannot: then none is left.
 */
export async function startWorkers(
  count: number,
  handler: MailHandler,
  options: ServeOptions,
  processes: Processes,
  listenHttp: ListenHttp | undefined,
): Promise<Server> {
  const listeners = listenersOf(options);
  if (processes.obstacle !== undefined) throw new TypeError(`Cannot serve with workers: ${processes.obstacle}`);
  if (!processes.sharesUnixSockets && listeners.every(({ unix }) => unix !== undefined)) {
    throw new TypeError(
      `Cannot serve ${listeners[0]!.unix} with workers: this runtime shares ports, but no Unix sockets`,
    );
  }
  if (hasStarted) throw new TypeError("Cannot serve with workers twice in one program: give one server all listeners");
  hasStarted = true;
  const parent = new Parent(count, processes);
  try {
    parent.http = await serveHttp(handler, options, () => parent.metrics(), listenHttp);
    await parent.start();
  } catch (error) {
    hasStarted = false;
    parent.http?.drop();
    await parent.close({ grace: 0 });
    throw error;
  }
  parent.http?.ready();
  return parent.server();
}

class Parent {
  readonly #processes: Processes;
  readonly #slots: readonly Slot[];
  readonly #questions = new Questions();
  readonly #metrics = new WorkerMetrics(this.#questions);
  http: HttpBeside | undefined;
  /** Workers to be welcomed once the ports are known. */
  readonly #waiting: (() => void)[] = [];
  #ledger: Ledger | undefined;
  #listeners: readonly BoundAddress[] | undefined;
  readonly #renewal: Renewal;
  #closing: Promise<void> | undefined;
  #closed: () => void = () => {};
  readonly #whenClosed = new Promise<void>((resolve) => this.#closed = resolve);

  constructor(count: number, processes: Processes) {
    this.#processes = processes;
    this.#slots = Array.from({ length: count }, (_, number) => new Slot(number));
    this.#renewal = new Renewal(this.#slots, this.#questions, tell);
  }

  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => this.#fill(slot, false)));
  }

  server(): Server {
    const listeners = this.#listeners!;
    const connections = () => this.#ledger?.connections ?? 0;
    return {
      ...listeners[0]!,
      listeners,
      sessions: [],
      get connections(): number {
        return connections();
      },
      closed: this.#whenClosed,
      http: this.http?.address,
      metrics: () => this.metrics(),
      reload: ({ tls }) => this.#renewal.reload(tls),
      close: (settings) => this.close(settings),
      [Symbol.asyncDispose]: () => this.close(),
    };
  }

  /** Lets all workers finish; resolves when they have ended. */
  close({ grace = defaultGrace }: { readonly grace?: number } = {}): Promise<void> {
    // JSON, by which the workers are told, has no Infinity.
    return this.#closing ??= this.#close(Math.min(grace, longestTimer));
  }

  /** Those of all workers, as if they were one. */
  async metrics(): Promise<string> {
    const ready = this.#ready;
    const ask = (child: ChildProcess, id: number) => tell(child, { type: "metrics", id });
    return await this.#metrics.exposition(ready, this.#slots.length - ready.length, ask);
  }

  async #close(grace: number): Promise<void> {
    const began = performance.now();
    this.http?.drain();
    this.#renewal.end();
    for (const slot of this.#slots) slot.retire();
    const children = this.#slots.map(({ child }) => child).filter((child) => child !== undefined);
    await Promise.all(children.map((child) => {
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      const takeBack = after(grace + margin, () => child.kill("SIGKILL"));
      tell(child, { type: "close", grace });
      return ended.then(takeBack);
    }));
    await this.http?.end(grace - (performance.now() - began));
    this.#closed();
  }

  /** The workers that listen. */
  get #ready(): ChildProcess[] {
    return this.#slots.flatMap(({ child, isReady }) => child !== undefined && isReady ? [child] : []);
  }

  /** Starts a worker; resolves when it listens, rejects when it ends before. */
  async #fill(slot: Slot, isReplacement: boolean): Promise<void> {
    let child: ChildProcess;
    try {
      child = slot.start(() => this.#processes.fork(workerEnvironment));
    } catch (error) {
      throw this.#unstarted(slot, error as Error);
    }
    const member = { tell: (message: FromParent) => tell(child, message) };
    return await new Promise((resolve, reject) => {
      let failure: WorkerError | undefined;
      child.on("message", (received) => {
        const message = opened<FromWorker>(received);
        if (message === undefined) return;
        switch (message.type) {
          case "hello":
            if (this.#closing !== undefined) return tell(child, { type: "close" });
            this.#ledger ??= new Ledger(message.limits, this.#slots.length);
            this.#ledger.join(member);
            return this.#leadIn(slot, () => tell(child, this.#welcome(child, slot, isReplacement)));
          case "ready":
            slot.isReady = true;
            this.#listeners ??= message.listeners;
            this.#renewal.ready(slot);
            logReady(slot.number, child.pid);
            for (const welcome of this.#waiting.splice(0)) welcome();
            return resolve();
          case "failed":
            failure = new WorkerError(message.message, message.status);
            return;
          case "answer":
            return this.#questions.hear(message.id, message);
          default:
            return this.#ledger?.hear(member, message);
        }
      });
      const end = (how: string) => {
        if (slot.child !== child) return;
        slot.child = undefined;
        this.#ledger?.leave(member);
        this.#metrics.leave(child);
        reject(failure ?? new WorkerError(`a worker ended with ${how} before it was ready`, 1));
        if (this.#isReplacing) {
          if (failure !== undefined) logFailed(slot.number, child.pid, failure.message);
          const wait = this.#retry(slot);
          const log = () => this.#isReplacing && logEnded(slot.number, child.pid, how, wait);
          if (how === "status 0") setTimeout(log, echo);
          else log();
        }
      };
      child.on("exit", (status, signal) => end(signal ?? `status ${status}`));
      // A process that could not be started at all has no exit.
      child.on("error", (error) => {
        if (child.pid !== undefined || slot.child !== child) return;
        slot.child = undefined;
        reject(this.#unstarted(slot, error));
      });
    });
  }

  /** Whether workers that end are replaced. */
  get #isReplacing(): boolean {
    return this.#closing === undefined && this.#listeners !== undefined;
  }

  #retry(slot: Slot): number {
    return slot.retry(() => this.#fill(slot, true).catch(() => {}));
  }

  /** The system had no process, or no file descriptor, to spare: those that serve go on, and later it may have. */
  #unstarted(slot: Slot, { message }: Error): WorkerError {
    if (this.#isReplacing) logUnstarted(slot.number, message, this.#retry(slot));
    return new WorkerError(`a worker could not be started: ${message}`, 1);
  }

  /** All load at the same time, but the first worker finds the ports before the others listen. */
  #leadIn(slot: Slot, welcome: () => void): void {
    if (slot.number === 0 || this.#listeners !== undefined) welcome();
    else this.#waiting.push(welcome);
  }

  #welcome(child: ChildProcess, slot: Slot, isReplacement: boolean): FromParent {
    return {
      type: "welcome",
      workers: this.#slots.length,
      slot: slot.number,
      isReplacement,
      ports: this.#listeners?.map(({ port }) => port) ?? null,
      tls: this.#renewal.welcome(child) ?? null,
      ...this.#ledger!.memory,
    };
  }
}

function tell(child: ChildProcess, message: FromParent): void {
  if (child.connected) child.send(sealed(message), () => {});
}
