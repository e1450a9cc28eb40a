/** Who watches a server at work: the log always, and what else is asked for. Nobody else costs anything. */

import type { Surroundings } from "../app/dispatch.ts";
import { version } from "../version.ts";
import type { Connections } from "../connections.ts";
import { logHandlerFailure, logObserver, logProxyFault } from "../log.ts";
import type { Application } from "../session/event.ts";
import type { Observer } from "../session/observer.ts";
import type { Spool } from "../spool/spool.ts";
import { exposition, type Snapshot, snapshot } from "./exposition.ts";
import { Metrics } from "./metrics.ts";
import { together } from "./observers.ts";
import type { HttpOptions, TranscriptOption } from "./options.ts";
import { hasTracerProvider, Tracer } from "./tracer.ts";
import { Transcripts } from "./transcripts.ts";

/** What is asked for. */
export interface OperationsOptions {
  readonly http?: HttpOptions;
  readonly metrics?: boolean;
  readonly transcript?: TranscriptOption;
  readonly tracing?: boolean;
}

/** What is looked at when somebody asks for it. */
export interface Observed {
  readonly connections: Connections;
  readonly spool: Spool;
  /** Work that the server's end waits for. */
  readonly background: Set<Promise<unknown>>;
}

export class Operations {
  /** Absent: nothing is counted. */
  readonly metrics: Metrics | undefined;
  readonly observer: Observer;
  /** What the dispatching of questions is to tell. */
  readonly surroundings: Pick<Surroundings, "around" | "failed" | "found">;
  readonly #observed: Observed;
  readonly #tracer: Tracer | undefined;

  /** @throws {Error} when there is no place for transcripts. */
  constructor(options: OperationsOptions, observed: Observed) {
    const { transcript, metrics: isCounting = options.http !== undefined, tracing = hasTracerProvider() } = options;
    const tracer = tracing ? new Tracer() : undefined;
    const metrics = isCounting ? new Metrics() : undefined;
    this.metrics = metrics;
    this.#observed = observed;
    const transcripts = transcript === undefined ? undefined : new Transcripts(transcript, observed.background);
    this.#tracer = tracer;
    const observers = [logObserver, metrics, tracer?.observer, transcripts];
    this.observer = together(observers.filter((observer) => observer !== undefined));
    this.surroundings = metrics === undefined && tracer === undefined ? { failed: logHandlerFailure } : {
      around(event, ask) {
        const traced = tracer === undefined ? ask : () => tracer.around(event, ask);
        return metrics === undefined ? traced() : metrics.around(event, traced);
      },
      ...(metrics === undefined ? {} : { found: (check, result) => metrics.found(check, result) }),
      failed(event, error, reply) {
        metrics?.handlerFailures.add(event.stage);
        tracer?.handlerFailed(event, error);
        logHandlerFailure(event, error, reply);
      },
    };
  }

  /** Resolves once everybody watches who is to. */
  async ready(): Promise<void> {
    await this.#tracer?.loaded;
  }

  /** The application, under observation if it is asked for. */
  measured(application: Application): Application {
    return this.metrics?.measured(application) ?? application;
  }

  /** A connection was dropped for want of a PROXY header. */
  readonly proxyFault = (proxy: string, reason: string): void => {
    this.metrics?.refusedConnections.add("no_proxy_header");
    logProxyFault(proxy, reason);
  };

  /**
   * The metrics as text.
   *
   * @throws {Error} when nothing is counted.
   */
  async exposition(): Promise<string> {
    return await exposition(this.#counted, { version, ...this.#observed });
  }

  /**
   * The same as numbers.
   *
   * @throws {Error} when nothing is counted.
   */
  async snapshot(): Promise<Snapshot> {
    return await snapshot(this.#counted, { version, ...this.#observed });
  }

  get #counted(): Metrics {
    if (this.metrics !== undefined) return this.metrics;
    throw new Error("Cannot tell metrics that nobody counts: serve with metrics: true, or with http");
  }
}
