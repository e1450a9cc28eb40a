/** What `serve()` takes. */

import type { DeliveryStore } from "./app/deliveries.ts";
import { isDomain } from "./protocol/domain.ts";
import { validateSwitches } from "./session/offer.ts";
import type { PartialSessionOptions } from "./session/options.ts";
import type { SpoolOptions } from "./spool/spool.ts";

/** Options of `serve()`, the same on every runtime. */
export interface ServeOptions extends PartialSessionOptions {
  /** Default 2525; 0 for any free one. */
  readonly port?: number;
  /** The address to listen on. Default `0.0.0.0`. */
  readonly hostname?: string;
  /** The path of a Unix socket to listen on, instead of port and host name. */
  readonly unix?: string;
  /** Connections at a time; more get 421. Default 1000. */
  readonly maxConnections?: number;
  /** Connections at a time from one address; more get 421. Default 50. */
  readonly maxConnectionsPerAddress?: number;
  /** Where messages lie while they are received and handled. */
  readonly spool?: SpoolOptions;
  /** What is remembered of messages that only some of their recipients took. Default: in this process. */
  readonly deliveries?: DeliveryStore;
  /** The bindings handlers find on `c.env`. */
  readonly env?: object;
  /** Options for the runtime's own listen call (`net.Server#listen`, `Bun.listen`, `Deno.listen`), passed through. */
  readonly native?: object;
}

/** @throws {TypeError | RangeError} for the first option that cannot be. */
export function validate(options: ServeOptions): void {
  const { name, port, unix, hostname, bareNewline, pipelining } = options;
  if (name !== undefined && !isDomain(name)) {
    throw new TypeError(`Cannot serve under the name "${name}": it is not a host name, such as "mx.example.com"`);
  }
  if (port !== undefined && (!Number.isInteger(port) || port < 0 || port > 65535)) {
    throw new RangeError(`Cannot listen on port ${port}: a port is a whole number from 0 to 65535`);
  }
  if (unix !== undefined && (port !== undefined || hostname !== undefined)) {
    throw new TypeError(`Cannot listen on ${unix} and on a port: give unix, or port and hostname`);
  }
  oneOf("bareNewline", bareNewline, ["reject", "normalize"]);
  validateSwitches(options.extensions ?? {});
  oneOf("pipelining", pipelining, ["strict", "lenient"]);
  const { maxSize, minDataRate, maxConnections, maxConnectionsPerAddress, limits, timeouts, spool } = options;
  const { authFailureDelay, ...waits } = timeouts ?? {};
  if (authFailureDelay !== undefined && !(typeof authFailureDelay === "number" && authFailureDelay >= 0)) {
    throw new RangeError(`Cannot serve with authFailureDelay ${authFailureDelay}: it is a number, 0 for no delay`);
  }
  const numbers = { maxSize, minDataRate, maxConnections, maxConnectionsPerAddress, ...limits, ...waits };
  const { memoryPerMessage, memoryBudget, diskBudget } = spool ?? {};
  for (const [key, value] of Object.entries({ ...numbers, memoryPerMessage, memoryBudget, diskBudget })) {
    if (value !== undefined && !(typeof value === "number" && value > 0)) {
      throw new RangeError(`Cannot serve with ${key} ${value}: it is a number above 0`);
    }
  }
}

function oneOf(name: string, value: string | undefined, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value)) return;
  throw new TypeError(`Cannot serve with ${name} "${value}": it is ${allowed.map((each) => `"${each}"`).join(" or ")}`);
}
