/** The Request of a stage: made when it is looked at, because most handlers look at `c.var` alone. */

import type { Mail } from "./mail.ts";

/** What a stage's Request is made of. */
export interface StageRequestInit {
  readonly path: string;
  /** Called once, when the headers are asked for. */
  headers(): [string, string][];
  /** The body of `/data` and `/deliver`. */
  readonly mail: Mail | undefined;
  /** Waits until memory has room for all of the body. */
  room(): Promise<void> | undefined;
  /** Aborted when the handler is past its time, or the server stops. Called when it is asked for. */
  signal(): AbortSignal;
}

/** No host answers to it: the path is all that counts. */
const origin = "http://postern";

/**
 * A `Request` for all who read it: `url`, `method`, `headers`, `body`, `text()`, `signal` and the rest.
 *
 * Building the platform's own takes up to 120 µs (Node 20, with a body and a signal), more than all else a message
 * costs. So this one answers from the event, and builds the platform's only for what it does not know itself.
 * `clone()` returns the platform's, which `fetch` and `new Request(…)` take.
 */
class StageRequest {
  readonly #init: StageRequestInit;
  #headers: Headers | undefined;
  #signal: AbortSignal | undefined;
  #body: ReadableStream<Uint8Array> | undefined;
  #platform: Request | undefined;

  constructor(init: StageRequestInit) {
    this.#init = init;
  }

  get url(): string {
    return origin + this.#init.path;
  }

  get method(): string {
    return "POST";
  }

  get headers(): Headers {
    return this.#headers ??= new Headers(this.#init.headers());
  }

  get signal(): AbortSignal {
    return this.#signal ??= this.#init.signal();
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.#init.mail === undefined) return null;
    return this.#body ??= this.#init.mail.stream();
  }

  get bodyUsed(): boolean {
    return this.#platform?.bodyUsed ?? this.#body?.locked ?? false;
  }

  /** Needed where a Request with a stream for a body is made from this one. */
  get duplex(): "half" {
    return "half";
  }

  clone(): Request {
    const mail = this.#init.mail;
    return this.#build(mail === undefined ? null : mail.stream());
  }

  toString(): string {
    throw new TypeError("The request of a mail stage cannot be wrapped as it is: use c.req.raw.clone()");
  }

  /** The platform's own Request, with the body that `body` shows. */
  static platform(request: StageRequest): Request {
    return request.#platform ??= request.#build(request.body);
  }

  /** See {@linkcode StageRequestInit.room}. */
  static room(request: StageRequest): Promise<void> | undefined {
    return request.#init.room();
  }

  #build(body: ReadableStream<Uint8Array> | null): Request {
    const init = { method: "POST", headers: this.headers, signal: this.signal, body, duplex: "half" };
    return new Request(this.url, init as RequestInit);
  }
}

/** Whatever else a Request has, the platform's own answers. */
for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(Request.prototype))) {
  if (Object.hasOwn(StageRequest.prototype, name)) continue;
  const own = descriptor.get === undefined ? { value: delegate(name) } : { get: delegateGetter(descriptor.get) };
  Object.defineProperty(StageRequest.prototype, name, { ...own, configurable: true, enumerable: false });
}
Object.setPrototypeOf(StageRequest.prototype, Request.prototype);

/** The methods that read the whole body into memory. */
const gathering = new Set(["arrayBuffer", "blob", "bytes", "formData", "json", "text"]);

function delegate(name: string): unknown {
  return function (this: StageRequest, ...args: unknown[]): unknown {
    const platform = StageRequest.platform(this);
    const call = () => (platform[name as keyof Request] as (...args: unknown[]) => unknown).apply(platform, args);
    if (!gathering.has(name)) return call();
    try {
      const room = StageRequest.room(this);
      return room === undefined ? call() : room.then(call);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

function delegateGetter(get: () => unknown): () => unknown {
  return function (this: StageRequest): unknown {
    return get.call(StageRequest.platform(this));
  };
}

/** The Request of a stage. */
export function stageRequest(init: StageRequestInit): Request {
  return new StageRequest(init) as unknown as Request;
}
