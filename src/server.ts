/** The runtime-neutral half of `serve()`: what listens, and what it hands connections to. */

import type { MailHandler } from "./app/handler.ts";
import { createEngine, type Engine } from "./engine.ts";
import { logTlsUnproven } from "./log.ts";
import { type ListenerOptions, listenersOf, policyOf, type ServeOptions } from "./options.ts";
import type { Session } from "./session/session.ts";
import type { Socket } from "./socket.ts";
import { Credentials, loadCredentials } from "./tls/credentials.ts";
import type { TlsOptions } from "./tls/options.ts";
import { proveTls } from "./tls/proof.ts";

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
  /** The sessions at this moment. */
  readonly sessions: readonly Session[];
  /**
   * Takes newer certificates for all handshakes from now on; sessions go on with what they have.
   *
   * @throws {Error} when the server was started without TLS, when a file cannot be read, and when certificate and key
   * are not fit for use. The old certificates stay then.
   */
  reload(options: { readonly tls: TlsOptions }): Promise<void>;
  /**
   * Stops: no new connections, 421 for the idle, and for the others a chance to finish what they are in the middle of.
   *
   * @param options `grace`: milliseconds after which the rest is dropped; default ten seconds. What is dropped was not
   * answered, so its sender tries again.
   */
  close(options?: { readonly grace?: number }): Promise<void>;
}

/**
 * Serves a handler on whatever listens.
 *
 * @throws {TypeError | RangeError} for a handler that is none, and for options that cannot be; {Error} for certificate
 * files that cannot be read, and for TLS that is required and that the runtime cannot do with them.
 */
export async function start(handler: MailHandler, options: ServeOptions, listen: Listen): Promise<Server> {
  const engine = createEngine(handler, options);
  const wanted = listenersOf(options);
  const credentials = options.tls === undefined ? undefined : await provenCredentials(options.tls, wanted, listen);
  const bound = await bindAll(wanted, credentials, engine, listen);

  async function reload({ tls }: { readonly tls: TlsOptions }): Promise<void> {
    if (credentials === undefined) throw new Error("Cannot reload TLS certificates: the server has no TLS");
    const fresh = await loadCredentials(tls);
    await proveTls(listen, fresh);
    credentials.current = fresh;
  }

  function close(settings?: { readonly grace?: number }): Promise<void> {
    for (const listener of bound) listener.close();
    return engine.close(settings);
  }

  const listeners = bound.map(({ port, hostname }) => ({ port, hostname }));
  return {
    ...listeners[0]!,
    listeners,
    get sessions(): readonly Session[] {
      return engine.sessions;
    },
    reload,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** The credentials, if the runtime can use them. Without, mail still comes in clear, unless that is not wanted. */
async function provenCredentials(
  options: TlsOptions,
  listeners: readonly ListenerOptions[],
  listen: Listen,
): Promise<Credentials | undefined> {
  const loaded = await loadCredentials(options);
  try {
    await proveTls(listen, loaded);
  } catch (cause) {
    const isNeeded = listeners.map(policyOf).some(({ implicitTls, requireTls }) => implicitTls || requireTls);
    if (isNeeded) throw new Error("Cannot serve TLS: the server could not shake hands with itself", { cause });
    logTlsUnproven(cause);
    return undefined;
  }
  return new Credentials(loaded);
}

/** Binds all listeners or none. */
async function bindAll(
  wanted: readonly ListenerOptions[],
  credentials: Credentials | undefined,
  engine: Engine,
  listen: Listen,
): Promise<Listener[]> {
  const bound: Listener[] = [];
  try {
    for (const listener of wanted) {
      const { port = 2525, hostname = "0.0.0.0", unix, native } = listener;
      bound.push(
        await listen(
          { port, hostname, unix, native, credentials },
          engine.acceptUnder(policyOf(listener), credentials),
        ),
      );
    }
  } catch (error) {
    for (const listener of bound) listener.close();
    throw error;
  }
  return bound;
}
