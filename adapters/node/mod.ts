/**
 * Postern on Node.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { serve } from "postern/node";
 *
 * const app = new Postern();
 * app.deliver("support@example.com", (c) => c.text("Thanks"));
 * const server = await serve(app, { port: 2525 });
 * console.log(`listening on port ${server.port}`);
 * ```
 *
 * @module
 */

import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type ListenOptions } from "node:net";
import type { MailHandler } from "../../src/app/handler.ts";
import { logAcceptFailure } from "../../src/log.ts";
import type { ServeOptions } from "../../src/options.ts";
import type { HttpListener } from "../../src/operations/http.ts";
import type { PageHandler } from "../../src/operations/page.ts";
import { type ListenAddress, type Listener, type Server, start } from "../../src/server.ts";
import type { Socket } from "../../src/socket.ts";
import { NodeSocket } from "./socket.ts";
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
  const { port, hostname: host, unix, native, credentials, isShared } = address;
  const server = createServer({ allowHalfOpen: true }, (socket) => accept(new NodeSocket(socket, credentials)));
  const where: ListenOptions = unix === undefined ? { port, host } : { path: unix };
  // Among workers, what is to be one's own must be asked for.
  const exclusive = isShared === false;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ ...where, exclusive, ...native }, () => {
      server.off("error", reject);
      // Failing to accept one connection (too many open files) is no reason to stop.
      server.on("error", logAcceptFailure);
      const bound = server.address();
      const isPort = bound !== null && typeof bound === "object";
      resolve({
        port: isPort ? bound.port : 0,
        hostname: isPort ? bound.address : unix ?? host,
        close: () => void server.close(),
      });
    });
  });
}

/** What has HTTP open is not to be had for SMTP. */
const mostHttpConnections = 64;

/**
 * So long a request may take to come, in milliseconds: by default it is a minute and more, and so long a few clients
 * that never finish theirs would keep everybody from `/healthz`. How long an answer takes is no matter of these.
 */
const httpTimes = { headersTimeout: 5000, requestTimeout: 30_000, connectionsCheckingInterval: 1000 };

async function listenHttp(
  { port, hostname }: { port: number; hostname: string },
  answer: PageHandler,
): Promise<HttpListener> {
  // Only who serves HTTP loads what makes Requests of Node's messages; the global Request stays the platform's.
  const { getRequestListener } = await import("@hono/node-server");
  const listener = getRequestListener((request, bindings) => answer(request, bindings), {
    overrideGlobalObjects: false,
    // Checks that speak HTTP/1.0 may name no host.
    hostname: "localhost",
  });
  const server = createHttpServer(httpTimes, (incoming, outgoing) => void listener(incoming, outgoing));
  server.maxConnections = mostHttpConnections;
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, hostname, resolve));
  server.on("error", () => {});
  const bound = server.address() as AddressInfo;
  return {
    port: bound.port,
    hostname: bound.address,
    close: () => new Promise((resolve) => server.close(() => resolve())),
    destroy() {
      server.close();
      server.closeAllConnections();
    },
  };
}
