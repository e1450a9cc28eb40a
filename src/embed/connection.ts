/** Sessions over connections that somebody else accepted. */

import type { MailHandler } from "../app/handler.ts";
import { createEngine, type Engine } from "../engine.ts";
import type { ServeOptions } from "../options.ts";
import type { Session } from "../session/session.ts";
import type { Socket } from "../socket.ts";
import { WatchedSocket } from "./watchedsocket.ts";

/** Options of `serve()`, but for where it listens. */
export type ConnectionOptions = Omit<ServeOptions, "port" | "hostname" | "unix" | "native" | "listeners">;

/** Takes connections for one app: limits, spool and clock are shared by all of them. */
export interface ConnectionHandler extends AsyncDisposable {
  /**
   * Talks SMTP over a connection; resolves when the session is over and the connection closed. Never rejects. A
   * connection too many is turned away with 421.
   */
  handle(socket: Socket): Promise<void>;
  /** The sessions at this moment. */
  readonly sessions: readonly Session[];
  /** No more connections; those that are there finish, at most `grace` milliseconds long (default ten seconds). */
  close(options?: { readonly grace?: number }): Promise<void>;
}

/**
 * Makes a handler of connections: for a server of your own, whatever it listens on.
 *
 * @throws {TypeError | RangeError} for a handler that is none, and for options that cannot be.
 *
 * @example
 * ```ts
 * import { createServer } from "node:net";
 * import { Postern } from "postern";
 * import { connectionHandler, fromNodeStream } from "postern/embed";
 *
 * const app = new Postern();
 * app.deliver("support@example.com", (c) => c.text("Thanks"));
 * const connections = connectionHandler(app, { name: "mx.example.com" });
 * createServer((socket) => connections.handle(fromNodeStream(socket))).listen({ port: 2525 });
 * ```
 */
export function connectionHandler(app: MailHandler, options: ConnectionOptions = {}): ConnectionHandler {
  const engine = createEngine(app, options);
  const close = (settings?: { readonly grace?: number }) => engine.close(settings);
  return {
    handle: (socket) => accepted(engine, socket),
    get sessions(): readonly Session[] {
      return engine.sessions;
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** Engines made before: connections with the same app and the same options object share one. */
const engines = new WeakMap<object, WeakMap<object, Engine>>();
const noOptions: ConnectionOptions = {};

/**
 * Talks SMTP over one connection; resolves when the session is over.
 *
 * Connections with the same app and the same options object share limits and spool, as under `connectionHandler()`.
 *
 * @throws {TypeError | RangeError} for a handler that is none, and for options that cannot be.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { fromWebStreams, handleConnection } from "postern/embed";
 *
 * const app = new Postern();
 * app.connect((c) => c.text("Not today", 554));
 * const [toServer, toClient] = [new TransformStream(), new TransformStream()];
 * const session = handleConnection(fromWebStreams({ readable: toServer.readable, writable: toClient.writable }), app);
 * const { value } = await toClient.readable.getReader().read();
 * console.log(new TextDecoder().decode(value)); // 554 5.0.0 Not today
 * await toServer.writable.close();
 * await session;
 * ```
 */
export function handleConnection(
  socket: Socket,
  app: MailHandler,
  options: ConnectionOptions = noOptions,
): Promise<void> {
  let byOptions = engines.get(app);
  if (byOptions === undefined) engines.set(app, byOptions = new WeakMap());
  let engine = byOptions.get(options);
  if (engine === undefined) byOptions.set(options, engine = createEngine(app, options));
  return accepted(engine, socket);
}

/** Hands a connection over, and waits for its end. */
function accepted(engine: Engine, socket: Socket): Promise<void> {
  const watched = new WatchedSocket(socket);
  engine.accept(watched);
  return watched.ended;
}
