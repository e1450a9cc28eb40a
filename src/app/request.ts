/** The Request of a stage: made when it is looked at, because most handlers look at `c.var` alone. */

import { factHeaders } from "./facts.ts";
import { WatchedHeaders } from "./inspection.ts";
import type { Mail } from "./mail.ts";
import type { StageEvent } from "./stage.ts";
import type { TimeLimit } from "./timelimit.ts";

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
  readonly #path: string;
  readonly #event: StageEvent;
  readonly #mail: Mail | undefined;
  readonly #limit: TimeLimit;
  readonly #inspected: () => void;
  #headers: Headers | undefined;
  #body: ReadableStream<Uint8Array> | undefined;
  #platform: Request | undefined;

  constructor(path: string, event: StageEvent, mail: Mail | undefined, limit: TimeLimit, inspected: () => void) {
    this.#path = path;
    this.#event = event;
    this.#mail = mail;
    this.#limit = limit;
    this.#inspected = inspected;
  }

  get url(): string {
    return origin + this.#path;
  }

  get method(): string {
    return "POST";
  }

  get headers(): Headers {
    return this.#headers ??= this.#event.stage === "auth"
      ? new WatchedHeaders(factHeaders(this.#event, this.#mail), this.#inspected)
      : new Headers(factHeaders(this.#event, this.#mail));
  }

  get signal(): AbortSignal {
    return this.#limit.signal;
  }

  get body(): ReadableStream<Uint8Array> | null {
    if (this.#mail === undefined) return null;
    return this.#body ??= this.#mail.stream();
  }

  get bodyUsed(): boolean {
    return this.#platform?.bodyUsed ?? this.#body?.locked ?? false;
  }

  /** Needed where a Request with a stream for a body is made from this one. */
  get duplex(): "half" {
    return "half";
  }

  clone(): Request {
    return this.#build(this.#mail === undefined ? null : this.#mail.stream());
  }

  toString(): string {
    throw new TypeError("The request of a mail stage cannot be wrapped as it is: use c.req.raw.clone()");
  }

  /** The platform's own Request, with the body that `body` shows. */
  static platform(request: StageRequest): Request {
    return request.#platform ??= request.#build(request.body);
  }

  /** Waits until memory has room for all of the body. */
  static room(request: StageRequest): Promise<void> | undefined {
    const event = request.#event;
    return "content" in event ? event.content.makeRoom() : undefined;
  }

  #build(body: ReadableStream<Uint8Array> | null): Request {
    // What is read of the copy nobody sees.
    this.#inspected();
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

/**
 * The Request of a stage.
 *
 * @param mail the body of `/data` and `/deliver`.
 * @param limit whose signal is aborted when the handler is past its time, or the server stops.
 * @param inspected told when somebody may have read the `Authorization` header.
 */
export function stageRequest(
  path: string,
  event: StageEvent,
  mail: Mail | undefined,
  limit: TimeLimit,
  inspected: () => void,
): Request {
  return new StageRequest(path, event, mail, limit, inspected) as unknown as Request;
}
