/** HTTP beside SMTP: how a runtime's own server is begun, and how it ends. */

import type { PageHandler, State } from "./page.ts";
import { bracketed } from "../protocol/address.ts";
import { httpHostname, type HttpOptions } from "./options.ts";
import { after } from "../timer.ts";

/** A bound HTTP server. */
export interface HttpListener {
  readonly port: number;
  readonly hostname: string;
  /** No more connections; resolves once the requests that are there are answered. */
  close(): Promise<void>;
  /** Drops what is left. */
  destroy(): void;
}

/** How a runtime serves HTTP. Rejects when the address cannot be bound. */
export type ListenHttp = (
  address: { readonly port: number; readonly hostname: string },
  answer: PageHandler,
) => Promise<HttpListener>;

/** The address for HTTP could not be bound; `cause` is what the runtime said. */
export class HttpListenError extends Error {
  /** Tells it from other errors in a log, and where `instanceof` cannot: between two copies of the package. */
  override readonly name = "HttpListenError";
  /** The system's, as `EADDRINUSE`; undefined where the runtime gives none. */
  readonly code: string | undefined;
  /** The port asked for. */
  readonly port: number;
  /** The address asked for. */
  readonly hostname: string;

  /** Takes what the runtime threw as `cause`. */
  constructor({ port, hostname = httpHostname }: HttpOptions, cause: unknown) {
    const { code, message } = Object(cause) as { readonly code?: string; readonly message?: string };
    const reason = code === "EADDRINUSE" ? "the port is in use" : message ?? String(cause);
    super(`Cannot serve HTTP on ${bracketed(hostname)}:${port}: ${reason}`, { cause });
    this.code = code;
    this.port = port;
    this.hostname = hostname;
  }
}

/** HTTP for as long as a server lives. */
export class HttpBeside {
  readonly #listener: HttpListener;
  readonly #state: { isReady: boolean; isDraining: boolean };

  private constructor(listener: HttpListener, state: { isReady: boolean; isDraining: boolean }) {
    this.#listener = listener;
    this.#state = state;
  }

  /**
   * Listens; from now on everybody hears that the server is not ready yet.
   *
   * @throws {HttpListenError} when the address cannot be bound.
   */
  static async begin(
    options: HttpOptions,
    engine: { pages(state: State): PageHandler },
    listenHttp: ListenHttp | undefined,
  ): Promise<HttpBeside> {
    if (listenHttp === undefined) throw new TypeError("Cannot serve HTTP: this runtime has no server for it");
    const { port, hostname = httpHostname } = options;
    const state = { isReady: false, isDraining: false };
    try {
      return new HttpBeside(await listenHttp({ port, hostname }, engine.pages(state)), state);
    } catch (error) {
      throw new HttpListenError(options, error);
    }
  }

  get address(): { readonly port: number; readonly hostname: string } {
    const { port, hostname } = this.#listener;
    return { port, hostname };
  }

  /** All listeners are bound. */
  ready(): void {
    this.#state.isReady = true;
  }

  /** No more mail is taken. */
  drain(): void {
    this.#state.isDraining = true;
  }

  /** Ends at once. */
  drop(): void {
    this.#listener.destroy();
  }

  /** Lets requests that are under way be answered, `grace` milliseconds long, and drops the rest. */
  async end(grace: number): Promise<void> {
    let takeBack = () => {};
    const over = new Promise<true>((resolve) => takeBack = after(grace, () => resolve(true)));
    const isLate = await Promise.race([this.#listener.close(), over]);
    takeBack();
    if (isLate) this.drop();
  }
}
