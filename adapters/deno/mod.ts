/**
 * Postern on Deno.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { serve } from "postern/deno";
 *
 * const app = new Postern();
 * app.deliver("support@example.com", (c) => c.text("Thanks"));
 * const server = await serve(app, { port: 2525 });
 * console.log(`listening on port ${server.port}`);
 * ```
 *
 * @module
 */

import { rmSync } from "node:fs";
import type { MailHandler } from "../../src/app/handler.ts";
import { logAcceptFailure } from "../../src/log.ts";
import type { ServeOptions } from "../../src/options.ts";
import type { HttpListener } from "../../src/operations/http.ts";
import type { PageHandler } from "../../src/operations/page.ts";
import { type ListenAddress, type Listener, type Server, start } from "../../src/server.ts";
import type { Socket } from "../../src/socket.ts";
import { DenoSocket } from "./socket.ts";
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

async function listen(address: ListenAddress, accept: (socket: Socket) => void): Promise<Listener> {
  const { port, hostname, unix, native, credentials, isShared: reusePort } = address;
  const listener = unix === undefined
    ? Deno.listen({ hostname, port, ...(reusePort && { reusePort }), ...native })
    : Deno.listen({ transport: "unix", path: unix, ...native });
  acceptAll(listener, (conn) => accept(new DenoSocket(conn, credentials)));
  const bound = listener.addr;
  const isPort = bound.transport === "tcp";
  let isClosed = false;
  return await Promise.resolve({
    port: isPort ? bound.port : 0,
    hostname: isPort ? bound.hostname : unix ?? hostname,
    close() {
      // The other runtimes do not mind a second time.
      if (isClosed) return;
      isClosed = true;
      listener.close();
      // The other runtimes leave no file behind.
      if (unix !== undefined) rmSync(unix, { force: true });
    },
  });
}

/** Until the listener is closed. */
async function acceptAll(listener: Deno.Listener, accept: (conn: Deno.Conn) => void): Promise<void> {
  while (true) {
    try {
      accept(await listener.accept());
    } catch (error) {
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
      // A client that was gone before it was accepted must not keep the next one waiting.
      if (error instanceof Deno.errors.NotConnected || error instanceof Deno.errors.ConnectionAborted) continue;
      // Failing to accept a connection (too many open files) is no reason to stop; nor to spin.
      logAcceptFailure(error);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function listenHttp(
  { port, hostname }: { port: number; hostname: string },
  answer: PageHandler,
): Promise<HttpListener> {
  const end = new AbortController();
  let isEnding = false;
  function begin(port: number): Deno.HttpServer<Deno.NetAddr> {
    return Deno.serve(
      { port, hostname, signal: end.signal, onListen() {} },
      (request, { remoteAddr }) => answer(request, { remoteAddr }),
    );
  }

  let server = begin(port);
  const { addr } = server;
  /** Deno's server ends when it cannot accept a connection (too many open files): then there is another. */
  async function goOn(): Promise<void> {
    while (!isEnding) {
      try {
        return await server.finished;
      } catch (error) {
        logAcceptFailure(error);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      try {
        if (!isEnding) server = begin(addr.port);
      } catch {
        // Its `finished` is that of the last one still.
      }
    }
  }

  goOn();
  return await Promise.resolve({
    port: addr.port,
    hostname: addr.hostname,
    async close() {
      isEnding = true;
      await server.shutdown();
    },
    destroy() {
      isEnding = true;
      end.abort();
    },
  });
}
