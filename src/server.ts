/** The runtime-neutral half of `serve()`: options, live sessions, limits, drain. */

import { hostname } from "node:os";
import { application } from "./app/application.ts";
import { MemoryDeliveryStore } from "./app/deliveries.ts";
import { appOf, type MailHandler } from "./app/handler.ts";
import { Connections } from "./connections.ts";
import { logHandlerFailure, logObserver } from "./log.ts";
import { isDomain } from "./protocol/domain.ts";
import { type ServeOptions, validate } from "./options.ts";
import { sessionOptions } from "./session/options.ts";
import type { Session } from "./session/session.ts";
import type { Socket } from "./socket.ts";
import { Spool } from "./spool/spool.ts";
import { Sweep } from "./sweep.ts";

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
  validate(options);
  const app = appOf(handler);
  const settings = sessionOptions(options, machineName());
  const shortest = Math.min(...Object.values(settings.timeouts));
  const sweep = new Sweep(Math.min(1000, Math.max(10, shortest / 10)));
  const background = new Set<Promise<unknown>>();
  const connections = new Connections(
    {
      application: application(app, {
        name: settings.name,
        bindings: options.env,
        handlerTimeout: settings.timeouts.handler,
        deliveryTimeout: settings.timeouts.delivery,
        deliveries: options.deliveries ?? new MemoryDeliveryStore(),
        watch: sweep,
        background,
        failed: logHandlerFailure,
      }),
      options: settings,
      openContent: new Spool(options.spool).open,
      observer: logObserver,
    },
    sweep,
    options.maxConnections ?? 1000,
    options.maxConnectionsPerAddress ?? 50,
  );
  const listener = await listen(
    {
      port: options.port ?? 2525,
      hostname: options.hostname ?? "0.0.0.0",
      unix: options.unix,
      native: options.native,
    },
    (socket) => connections.accept(socket),
  );

  async function close({ grace = 10_000 } = {}): Promise<void> {
    listener.close();
    const timer = setTimeout(() => connections.drop(), grace);
    await connections.drain();
    await Promise.allSettled([...background]);
    clearTimeout(timer);
  }

  return {
    port: listener.port,
    hostname: listener.hostname,
    get sessions(): readonly Session[] {
      return connections.sessions;
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** What the server calls itself when nobody says so. */
function machineName(): string {
  return isDomain(hostname()) ? hostname() : "localhost";
}
