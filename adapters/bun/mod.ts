/**
 * Postern on Bun.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { serve } from "postern/bun";
 *
 * const app = new Postern();
 * app.deliver("support@example.com", (c) => c.text("Thanks"));
 * const server = await serve(app, { port: 2525 });
 * console.log(`listening on port ${server.port}`);
 * ```
 *
 * @module
 */

import type { MailHandler } from "../../src/app/handler.ts";
import type { ServeOptions } from "../../src/options.ts";
import type { HttpListener } from "../../src/operations/http.ts";
import type { PageHandler } from "../../src/operations/page.ts";
import { type ListenAddress, type Listener, type Server, start } from "../../src/server.ts";
import type { Socket } from "../../src/socket.ts";
import { BunSocket } from "./socket.ts";
import { processes } from "./workers.ts";

export type { ServeOptions, Server };

/**
 * Serves a handler; resolves once all listeners are bound, with workers once all of them listen.
 *
 * What happens is logged through LogTape, in the category `postern`; until that is configured only errors are shown, by
 * `console.error` (docs/operations.md, "The log").
 *
 * @param handler a `Postern`, a Hono app, a function `(request, env, ctx) => Response`, or an object with such a `fetch`.
 * @param options each has a default: SMTP on port 2525 of all addresses, without TLS.
 * @throws {TypeError | RangeError} for a handler that is none, and for options that cannot be.
 * @throws {HttpListenError} when the address of `http` cannot be bound.
 * @throws {Error} when another address cannot be bound, a certificate cannot be read, or TLS is required and cannot be
 * done. Nothing is served then. All of these are rejections.
 */
export function serve(handler: MailHandler, options: ServeOptions = {}): Promise<Server> {
  return start(handler, options, listen, processes, listenHttp);
}

function listen(address: ListenAddress, accept: (socket: Socket) => void): Promise<Listener> {
  const { port, hostname, unix, native, credentials, isShared: reusePort } = address;
  const socket = BunSocket.handler(accept, credentials);
  const shared = { allowHalfOpen: true, socket, data: undefined as never, ...native };
  // Bun throws where the address cannot be bound: the caller gets a rejection, as from every runtime.
  return new Promise((resolve) => {
    if (unix !== undefined) {
      const listener = Bun.listen<BunSocket>({ ...shared, unix });
      return resolve({ port: 0, hostname: unix, close: () => listener.stop() });
    }
    const listener = Bun.listen<BunSocket>({ hostname, port, ...(reusePort && { reusePort }), ...shared });
    resolve({ port: listener.port, hostname: listener.hostname, close: () => listener.stop() });
  });
}

function listenHttp(
  { port, hostname }: { port: number; hostname: string },
  answer: PageHandler,
): Promise<HttpListener> {
  return new Promise((resolve) => {
    // Outside of development Bun lets two servers share a port, and neither would know of the other.
    const alone = { development: false, reusePort: false };
    const server = Bun.serve({ ...alone, port, hostname, fetch: (request, server) => answer(request, { server }) });
    resolve({
      port: server.port ?? port,
      hostname: server.hostname ?? hostname,
      close: () => server.stop(),
      destroy: () => void server.stop(true),
    });
  });
}
