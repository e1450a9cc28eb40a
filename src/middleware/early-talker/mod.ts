/**
 * A pause before the greeting, as middleware.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { policy } from "../../app/mechanisms.ts";
import { askedOf, exempting, type Exemptions } from "../asked.ts";
import { pause, validatePause } from "../pause.ts";

export type { Exemptions };

/** Options of {@linkcode earlyTalker}. */
export interface EarlyTalkerOptions extends Exemptions {
  /** How long the greeting is held back, in milliseconds, 60 000 at most. Default 2000. */
  readonly wait?: number;
}

/**
 * Holds the greeting back. A client has to wait for it (RFC 5321 section 3.1); whoever talks before it does not listen,
 * and is sent away with 554 5.5.0.
 *
 * The session itself sends early talkers away, whatever makes it wait; with the option `pipelining: "lenient"` of
 * `serve()` it does not. Everybody else waits, too: list those who need not in `except`.
 *
 * @throws {TypeError | RangeError} for options that cannot be.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { earlyTalker } from "postern/early-talker";
 *
 * const app = new Postern();
 * app.use(earlyTalker({ wait: 3000, except: ["192.168.0.0/16"] }));
 * ```
 */
export function earlyTalker(options: EarlyTalkerOptions = {}): MiddlewareHandler {
  const { wait = 2000 } = options;
  validatePause(wait);
  const isExempt = exempting(options);
  return policy<MiddlewareHandler>("earlyTalker", async (c, next) => {
    const { event, found } = askedOf(c) ?? {};
    if (event?.stage === "connect" && !isExempt(event.session)) {
      // Who talks in the meantime is for the session to see.
      found?.("early-talker", "held");
      await pause(wait, c.req.raw.signal);
    }
    await next();
  });
}
