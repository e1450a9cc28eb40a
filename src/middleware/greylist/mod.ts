/**
 * Greylisting (RFC 6647) as middleware: strangers are asked to come back.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { getLogger, type Logger } from "@logtape/logtape";
import { comparable } from "../../app/addressbook.ts";
import { policy } from "../../app/mechanisms.ts";
import { reply } from "../../app/reply.ts";
import { errorFields } from "../../log.ts";
import type { RcptEvent } from "../../session/event.ts";
import { type NetworkBits, networkOf, validateBits } from "../../protocol/network.ts";
import { askedOf, exempting, type Exemptions } from "../asked.ts";
import type { RedisClient } from "../redis.ts";
import { type GreylistStore, MemoryGreylistStore, RedisGreylistStore } from "./store.ts";

export type { Exemptions };

export { type GreylistStore, MemoryGreylistStore, RedisGreylistStore };
export type { NetworkBits } from "../../protocol/network.ts";
export type { IoRedis, NodeRedis, RedisClient } from "../redis.ts";

/** Options of {@linkcode greylist}. */
export interface GreylistOptions extends Exemptions {
  /** Seconds before a retry is taken. Default 300. */
  readonly delay?: number;
  /** Seconds within which the retry must come. Default two days: some senders come back late. */
  readonly window?: number;
  /** Seconds for which a network that came back is let in at once, from its last message on. Default 36 days. */
  readonly remember?: number;
  /** How much of an address tells clients apart: large senders come back from a neighbour. Default 24 and 64. */
  readonly network?: Partial<NetworkBits>;
  /** A client of `ioredis` or `redis`, for several servers to remember together. Default: this process does. */
  readonly redis?: RedisClient;
  /** Another memory. */
  readonly store?: GreylistStore;
  /** When the memory fails: `true`, the default, lets everybody in; `false` asks everybody to come back. */
  readonly failOpen?: boolean;
}

const logger: Logger = getLogger(["postern", "greylist"]);
const day = 24 * 60 * 60;

/**
 * Refuses a recipient for now, 451 4.7.1, when client, sender and recipient were never seen together, and takes it when
 * the client comes back after `delay`. Mail servers do; most programs that spread junk do not.
 *
 * A network that came back once is known, and lets in at once whatever it sends. Authenticated clients, those on the
 * `except` list and those on a Unix socket are not asked to wait.
 *
 * Put it before other `rcpt` checks only if these should be asked for known clients alone: `app.use(greylist())` before
 * the routes greylists recipients that do not exist, too, and tells nobody which do.
 *
 * @throws {TypeError | RangeError} for options that cannot be.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { greylist } from "postern/greylist";
 *
 * const app = new Postern();
 * app.use(greylist({ delay: 120, except: ["192.0.2.0/24"] }));
 * ```
 */
export function greylist(options: GreylistOptions = {}): MiddlewareHandler {
  const { delay = 300, window = 2 * day, remember = 36 * day, failOpen = true, redis } = options;
  for (const [name, value] of Object.entries({ delay, window, remember })) {
    if (!(value > 0)) throw new RangeError(`Cannot greylist with ${name} ${value}: it is a number of seconds above 0`);
  }
  const bits = { v4: 24, v6: 64, ...options.network };
  validateBits(bits);
  const store = options.store ?? (redis === undefined ? new MemoryGreylistStore() : new RedisGreylistStore(redis));
  const isExempt = exempting(options);

  /** Seconds still to wait; 0 when the recipient may be taken. */
  async function wait({ session, envelope, recipient }: RcptEvent): Promise<number> {
    const network = networkOf(session.remote.address, bits);
    const known = `known ${network}`;
    if (!await store.knows(known)) {
      const from = envelope.from === null ? "" : comparable(envelope.from);
      const age = await store.age(`seen ${network} ${from} ${comparable(recipient)}`, window, network);
      if (age < delay * 1000) return Math.ceil(delay - age / 1000);
    }
    await store.learn(known, remember);
    return 0;
  }

  return policy<MiddlewareHandler>("greylist", async (c, next) => {
    const { event, found } = askedOf(c) ?? {};
    if (event?.stage !== "rcpt" || isExempt(event.session)) return await next();
    let seconds: number;
    try {
      seconds = await wait(event);
    } catch (error) {
      logger.warn("The memory of greylisting failed: {error}", errorFields(logger, error));
      found?.("greylist", "unanswered");
      if (!failOpen) return reply(451, "4.3.0", "Temporary failure, try again later");
      return await next();
    }
    found?.("greylist", seconds > 0 ? "deferred" : "passed");
    if (seconds > 0) return reply(451, "4.7.1", `Greylisted, try again in ${seconds} seconds`);
    await next();
  });
}
