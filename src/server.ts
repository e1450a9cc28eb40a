/** The runtime-neutral half of `serve()`: what listens, and what it hands connections to. */

import type { MailHandler } from "./app/handler.ts";
import { createEngine, type Engine } from "./engine.ts";
import { defaultGrace, limitsOf } from "./limits.ts";
import { logTlsUnproven } from "./log.ts";
import { HttpBeside, type ListenHttp } from "./operations/http.ts";
import { listenersOf, policyOf, type ServeOptions, validate } from "./options.ts";
import type { Session } from "./session/session.ts";
import type { Socket } from "./socket.ts";
import { Credentials, loadCredentials } from "./tls/credentials.ts";
import type { TlsOptions } from "./tls/options.ts";
import { proveTls } from "./tls/proof.ts";
import { bindAll } from "./listening.ts";
import { bindShared } from "./workers/binding.ts";
import { startWorkers } from "./workers/parent.ts";
import { isWorker, type Processes } from "./workers/processes.ts";
import { tellFailure, Worker } from "./workers/worker.ts";

/** Where a listener is to be bound, and what its sockets encrypt with. */
export interface ListenAddress {
  readonly port: number;
  readonly hostname: string;
  /** A path: then port and host name do not count. */
  readonly unix: string | undefined;
  /** The runtime's own options, as they came. */
  readonly native: object | undefined;
  /** Absent: its sockets stay in the clear. */
  readonly credentials: Credentials | undefined;
  /** Whether other workers listen there as well; false where nobody else may. Absent where there are no workers. */
  readonly isShared?: boolean;
}

/** A bound listener. */
export interface Listener {
  readonly port: number;
  readonly hostname: string;
  /** No more connections; those that are there go on. */
  close(): void;
}

/** How a runtime listens. Rejects when the address cannot be bound. */
export type Listen = (address: ListenAddress, accept: (socket: Socket) => void) => Promise<Listener>;

/** Where a server listens. */
export interface BoundAddress {
  /** 0 on a Unix socket. */
  readonly port: number;
  /** The bound host name or address; the path of a Unix socket. */
  readonly hostname: string;
}

/** A running server; `port` and `hostname` are those of its first listener. */
export interface Server extends BoundAddress, AsyncDisposable {
  /** All of its listeners, in the order of the options. */
  readonly listeners: readonly BoundAddress[];
  /** The sessions at this moment. Those of workers are theirs: where there are workers, their parent has none. */
  readonly sessions: readonly Session[];
  /** How many connections there are at this moment; those of workers as they were a hundredth of a second ago. */
  readonly connections: number;
  /** Resolves once the server has stopped, whoever stopped it. */
  readonly closed: Promise<void>;
  /** Where HTTP is served; undefined without the option `http`. */
  readonly http: BoundAddress | undefined;
  /**
   * What `/metrics` serves, for pages of your own: Prometheus' text format.
   *
   * @throws {Error} when nothing is counted: without the options `http` and `metrics`.
   */
  metrics(): Promise<string>;
  /**
   * Takes newer certificates for all handshakes from now on; sessions go on with what they have.
   *
   * @throws {Error} when the server was started without TLS, when a file cannot be read, and when certificate and key
   * are not fit for use. The old certificates stay then. Also once a server with workers is closed, when none of them is
   * ready, and when one does not answer within ten seconds; that one takes them once it can.
   */
  reload(options: { readonly tls: TlsOptions }): Promise<void>;
  /**
   * Stops: no new connections, 421 for the idle, and for the others a chance to finish what they are in the middle of.
   *
   * @param options `grace`: milliseconds after which the rest is dropped; default ten seconds. What is dropped was not
   * answered, so its sender tries again. HTTP is answered to the end of it.
   */
  close(options?: { readonly grace?: number }): Promise<void>;
}

/**
 * Serves a handler on whatever listens.
 *
 * @param processes how the runtime starts workers; absent where it has none.
 * @param listenHttp how it serves HTTP; absent where it does not.
 * @throws {TypeError | RangeError} for a handler that is none, and for options that cannot be; {Error} for certificate
 * files that cannot be read, for TLS that is required and that the runtime cannot do with them, and for addresses that
 * cannot be bound.
 */
export async function start(
  handler: MailHandler,
  options: ServeOptions,
  listen: Listen,
  processes?: Processes,
  listenHttp?: ListenHttp,
): Promise<Server> {
  validate(options);
  const { workers = 1 } = options;
  if (workers === 1) return await serveAlone(handler, options, listen, listenHttp);
  if (processes === undefined) throw new TypeError("Cannot serve with workers: this runtime has none");
  if (!isWorker()) return await startWorkers(workers, handler, options, processes, listenHttp);
  try {
    return await serveAsWorker(handler, options, listen, processes);
  } catch (error) {
    await tellFailure(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** The server of a process of its own. */
async function serveAlone(
  handler: MailHandler,
  options: ServeOptions,
  listen: Listen,
  listenHttp: ListenHttp | undefined,
): Promise<Server> {
  const engine = createEngine(handler, options);
  await engine.ready();
  const http = options.http === undefined ? undefined : await HttpBeside.begin(options.http, engine, listenHttp);
  try {
    const credentials = await credentialsOf(options.tls, options, listen);
    const bound = await bindAll(listenersOf(options), credentials, engine, listen);
    http?.ready();
    return serverOf(engine, bound, credentials, listen, http);
  } catch (error) {
    http?.drop();
    await dismiss(engine);
    throw error;
  }
}

/** Who came to the first listener before the last one failed is not to be served by nobody's server. */
async function dismiss(engine: Engine): Promise<void> {
  await engine.close({ grace: 0 });
}

/** One of several processes that serve the same; its end is that of the process. */
async function serveAsWorker(
  handler: MailHandler,
  options: ServeOptions,
  listen: Listen,
  processes: Processes,
): Promise<Server> {
  const worker = await Worker.join(limitsOf(options));
  const engine = createEngine(handler, options, worker.shared);
  await engine.ready();
  const credentials = await credentialsOf(worker.welcome.tls ?? options.tls, options, listen);
  let at = 0;
  const bind: Listen = (address, accept) => bindShared(listen, address, accept, processes, worker.welcome, at++);
  const bound = await bindAll(listenersOf(options), credentials, engine, bind).catch(async (error) => {
    await dismiss(engine);
    throw error;
  });
  const server = serverOf(engine, bound, credentials, listen);
  worker.begin(server, engine.snapshot);
  server.closed.then(() => worker.end());
  return server;
}

function serverOf(
  engine: Engine,
  bound: readonly Listener[],
  credentials: Credentials | undefined,
  listen: Listen,
  http?: HttpBeside,
): Server {
  let closed: () => void;
  const whenClosed = new Promise<void>((resolve) => closed = resolve);

  async function reload({ tls }: { readonly tls: TlsOptions }): Promise<void> {
    if (credentials === undefined) throw new Error("Cannot reload TLS certificates: the server has no TLS");
    const fresh = await loadCredentials(tls);
    await proveTls(listen, fresh);
    credentials.current = fresh;
  }

  async function close({ grace = defaultGrace }: { readonly grace?: number } = {}): Promise<void> {
    const began = performance.now();
    http?.drain();
    for (const listener of bound) listener.close();
    await engine.close({ grace });
    await http?.end(grace - (performance.now() - began));
    closed();
  }

  const listeners = bound.map(({ port, hostname }) => ({ port, hostname }));
  return {
    ...listeners[0]!,
    listeners,
    get sessions(): readonly Session[] {
      return engine.sessions;
    },
    get connections(): number {
      return engine.sessions.length;
    },
    closed: whenClosed,
    http: http?.address,
    metrics: () => engine.metrics(),
    reload,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** The credentials, if the runtime can use them. Without, mail still comes in clear, unless that is not wanted. */
async function credentialsOf(
  tls: TlsOptions | undefined,
  options: ServeOptions,
  listen: Listen,
): Promise<Credentials | undefined> {
  if (tls === undefined) return undefined;
  const loaded = await loadCredentials(tls);
  try {
    await proveTls(listen, loaded);
  } catch (cause) {
    const isNeeded = listenersOf(options).map(policyOf).some(({ implicitTls, requireTls }) =>
      implicitTls || requireTls
    );
    if (isNeeded) throw new Error("Cannot serve TLS: the server could not shake hands with itself", { cause });
    logTlsUnproven(cause);
    return undefined;
  }
  return new Credentials(loaded);
}
