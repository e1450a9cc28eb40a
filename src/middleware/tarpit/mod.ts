/**
 * Slow answers, as middleware.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import { policy } from "../../app/mechanisms.ts";
import type { Stage } from "../../app/stage.ts";
import { askedOf, exempting, type Exemptions } from "../asked.ts";
import { pause, validatePause } from "../pause.ts";

export type { Exemptions };

/** Options of {@linkcode tarpit}. */
export interface TarpitOptions extends Exemptions {
  /** How long a reply is held back, 60 000 at most. Default 5000. */
  readonly milliseconds?: number;
  /** Which replies. Default: those to RCPT. */
  readonly stages?: readonly Stage[];
  /** Whether this client's are. Default: everybody's. */
  readonly when?: (c: Context) => boolean | Promise<boolean>;
  /**
   * How many replies are held back at a time; beyond that nobody waits, so that the pit does not fill the server.
   * Default 100.
   */
  readonly most?: number;
}

/**
 * Holds replies back. Whoever sends junk by the million has no time to wait.
 *
 * It decides nothing: handlers after it do, when the time is over. Authenticated clients, those on the `except` list and
 * those on a Unix socket do not wait. The time counts against `timeouts.handler`.
 *
 * @throws {TypeError | RangeError} for options that cannot be.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { dnsbl, type DnsblVariables } from "postern/dnsbl";
 * import { tarpit } from "postern/tarpit";
 *
 * const app = new Postern<{ Variables: DnsblVariables }>();
 * app.use(dnsbl({ zones: ["bl.example.org"], reject: 3 }));
 * app.use(tarpit({ when: (c) => c.get("dnsbl")?.score > 0 }));
 * ```
 */
export function tarpit(options: TarpitOptions = {}): MiddlewareHandler {
  const { milliseconds = 5000, stages = ["rcpt"], when, most = 100 } = options;
  validatePause(milliseconds);
  const isExempt = exempting(options);
  let held = 0;
  return policy<MiddlewareHandler>("tarpit", async (c, next) => {
    const { event, found } = askedOf(c) ?? {};
    const isMeant = event !== undefined && stages.includes(event.stage) && !isExempt(event.session) &&
      (when === undefined || await when(c));
    if (isMeant) found?.("tarpit", held < most ? "held" : "full");
    if (isMeant && held < most) {
      held++;
      try {
        await pause(milliseconds, c.req.raw.signal);
      } finally {
        held--;
      }
    }
    await next();
  });
}
