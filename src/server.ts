/** The runtime-neutral half of `serve()`: what listens, and what it hands connections to. */

import type { MailHandler } from "./app/handler.ts";
import { createEngine } from "./engine.ts";
import type { ServeOptions } from "./options.ts";
import type { Session } from "./session/session.ts";
import type { Socket } from "./socket.ts";

/** Where a listener is to be bound. */
export interface ListenAddress {
  readonly port: number;
  readonly hostname: string;
  /** A path: then port and host name do not count. */
  readonly unix: string | undefined;
  /** The runtime's own options, as they came. */
  readonly native: object | undefined;
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

/** A running server. */
export interface Server extends AsyncDisposable {
  /** Where it listens; 0 on a Unix socket. */
  readonly port: number;
  /** The bound host name or address; the path of a Unix socket. */
  readonly hostname: string;
  /** The sessions at this moment. */
  readonly sessions: readonly Session[];
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
 * @throws {TypeError | RangeError} for a handler that is none, and for options that cannot be.
 */
export async function start(handler: MailHandler, options: ServeOptions, listen: Listen): Promise<Server> {
  const engine = createEngine(handler, options);
  const { port = 2525, hostname = "0.0.0.0", unix, native } = options;
  const listener = await listen({ port, hostname, unix, native }, engine.accept);

  function close(settings?: { readonly grace?: number }): Promise<void> {
    listener.close();
    return engine.close(settings);
  }

  return {
    port: listener.port,
    hostname: listener.hostname,
    get sessions(): readonly Session[] {
      return engine.sessions;
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}
