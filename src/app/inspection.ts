/** Whether a handler has looked at what a client shows: whoever lets it in must have. */

import type { ShownCredentials } from "../session/proof.ts";

/** What decides, of each kind of credentials: the secret, or whose certificate it is, which TLS has verified. */
const decisive: Readonly<Record<ShownCredentials["type"], readonly string[]>> = {
  "password": ["password"],
  "token": ["token"],
  "scram": ["prove"],
  "cram-md5": ["prove"],
  "external": ["user", "authorizationId"],
};

/** The same credentials, which tell when what decides of them is read. */
export function watched<T extends ShownCredentials>(credentials: T, inspected: () => void): T {
  const copy = { ...credentials };
  for (const name of decisive[credentials.type]) {
    const value: unknown = Reflect.get(credentials, name);
    const get = (): unknown => {
      inspected();
      return value;
    };
    Object.defineProperty(copy, name, { get, enumerable: true, configurable: true });
  }
  return copy;
}

/** Headers that tell when `Authorization` is read, or all of them. */
export class WatchedHeaders extends Headers {
  readonly #inspected: () => void;

  constructor(init: [string, string][], inspected: () => void) {
    super(init);
    this.#inspected = inspected;
  }

  override get(name: string): string | null {
    if (name.toLowerCase() === "authorization") this.#inspected();
    return super.get(name);
  }

  override forEach(callback: (value: string, key: string, parent: this) => void, thisArg?: unknown): void {
    this.#inspected();
    // Each runtime's types have another word for whose headers these are.
    super.forEach(callback as never, thisArg);
  }

  override entries(): ReturnType<Headers["entries"]> {
    this.#inspected();
    return super.entries();
  }

  override values(): ReturnType<Headers["values"]> {
    this.#inspected();
    return super.values();
  }

  override [Symbol.iterator](): ReturnType<Headers["entries"]> {
    return this.entries();
  }
}
