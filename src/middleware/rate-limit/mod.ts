/**
 * How much one client, user, sender or recipient may ask for in a time, as middleware.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import { getLogger, type Logger } from "@logtape/logtape";
import { comparable } from "../../app/addressbook.ts";
import { policy } from "../../app/mechanisms.ts";
import { reply } from "../../app/reply.ts";
import { errorFields } from "../../log.ts";
import type { StageEvent } from "../../app/stage.ts";
import { AddressList } from "../../protocol/addresslist.ts";
import { type NetworkBits, networkOf, validateBits } from "../../protocol/network.ts";
import { askedOf, exempting, type Exemptions } from "../asked.ts";
import type { RedisClient } from "../redis.ts";
import { counter } from "./counter.ts";

export type { Exemptions };
export type { NetworkBits } from "../../protocol/network.ts";
export type { IoRedis, NodeRedis, RedisClient } from "../redis.ts";

/** The stages at which something can be counted. */
export type CountedStage = "connect" | "helo" | "auth" | "mail" | "rcpt" | "data";

/** Options of {@linkcode rateLimit}. */
export interface RateLimitOptions extends Exemptions {
  /** How many pass within `seconds`; the next ones hear 4xx. */
  readonly limit: number;
  /** The window's length in seconds, up to 24 days. Default 60. */
  readonly seconds?: number;
  /**
   * For whom is counted: the client's network (the default), the authenticated user, the reverse-path, or the recipient;
   * or what a function says, where `undefined` is not counted.
   */
  readonly by?: "address" | "user" | "sender" | "recipient" | ((c: Context) => string | undefined);
  /** What is counted. Default: connections by address, recipients by recipient, messages (`mail`) by all else. */
  readonly stage?: CountedStage;
  /** How much of an address tells clients apart. Default 32 and 64. */
  readonly network?: Partial<NetworkBits>;
  /** A client of `ioredis` or `redis`, for several servers to count together. Default: each process counts for itself. */
  readonly redis?: RedisClient;
  /** Tells the counters of several limits apart. Default: made of `by`, `stage`, `limit` and `seconds`. */
  readonly name?: string;
  /**
   * When Redis fails: `true`, the default, has each process count for itself until Redis is back; `false` asks everybody
   * to come back.
   */
  readonly failOpen?: boolean;
  /** How many keys this process remembers; past that the oldest is forgotten. Default 100 000. */
  readonly mostKeys?: number;
}

const logger: Logger = getLogger(["postern", "rate-limit"]);
/** Timers reach no further. */
const longest = 24 * 24 * 60 * 60;

/**
 * Refuses for now whatever exceeds `limit` in a window of time: connections with 421 4.7.0, AUTH with 454 4.7.0, all
 * else with 451 4.7.0.
 *
 * Clients on the `except` list are not counted; by address, those on a Unix socket are not, and after `connect` those who
 * authenticated are not: limit these by `user`. How many connections an address may have open at a time is an option of
 * `serve()`.
 *
 * @throws {TypeError | RangeError} for options that cannot be.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { rateLimit } from "postern/rate-limit";
 *
 * const app = new Postern();
 * app.use(rateLimit({ limit: 30 })); // connections a minute and client
 * app.use(rateLimit({ stage: "auth", limit: 10, seconds: 600 })); // guesses at passwords
 * app.use(rateLimit({ by: "user", limit: 500, seconds: 24 * 60 * 60 })); // messages a day and user
 * ```
 */
export function rateLimit(options: RateLimitOptions): MiddlewareHandler {
  const { limit, seconds = 60, by = "address", redis, failOpen = true, mostKeys = 100_000 } = options;
  if (!(Number.isInteger(limit) && limit >= 1)) {
    throw new RangeError(`Cannot limit to ${limit}: it is a whole number above 0`);
  }
  if (!(Number.isInteger(seconds) && seconds >= 1 && seconds <= longest)) {
    throw new RangeError(`Cannot limit in ${seconds} seconds: it is a whole number from 1 to ${longest}`);
  }
  if (!(mostKeys >= 1)) throw new RangeError(`Cannot remember ${mostKeys} keys: it is a number above 0`);
  const bits = { v4: 32, v6: 64, ...options.network };
  validateBits(bits);
  const stage = options.stage ?? (by === "address" ? "connect" : by === "recipient" ? "rcpt" : "mail");
  const name = options.name ?? `${typeof by === "string" ? by : "custom"}:${stage}:${limit}:${seconds}`;
  const count = counter({ limit, seconds, prefix: `postern:rate:${name}`, redis, failOpen, mostKeys });
  const listed = new AddressList("except", options.except);
  const isExempt = exempting(options);

  function keyOf(c: Context, event: StageEvent): string | undefined {
    const { session } = event;
    if (listed.includes(session.remote.address)) return undefined;
    if (typeof by === "function") return by(c);
    if (by === "user") return session.user;
    if (by === "address") return isExempt(session) ? undefined : networkOf(session.remote.address, bits);
    if (by === "recipient") return "recipient" in event ? comparable(event.recipient) : undefined;
    const from = "envelope" in event ? event.envelope?.from : undefined;
    return from ? comparable(from) : undefined;
  }

  return policy<MiddlewareHandler>("rateLimit", async (c, next) => {
    const { event, found } = askedOf(c) ?? {};
    const key = event?.stage === stage ? keyOf(c, event) : undefined;
    if (key === undefined) return await next();
    let wait: number;
    try {
      wait = await count(key);
    } catch (error) {
      logger.warn("A limit could not be counted: {error}", errorFields(logger, error));
      found?.("rate-limit", "unanswered");
      return refusal(stage, "4.3.0", "Temporary failure, try again later");
    }
    found?.("rate-limit", wait > 0 ? "exceeded" : "within");
    if (wait > 0) return refusal(stage, "4.7.0", `Too many requests, try again in ${wait} seconds`);
    await next();
  });
}

/** A refused connection is over; anything later is refused alone. AUTH has a code of its own (RFC 4954 section 6). */
function refusal(stage: CountedStage, enhanced: string, text: string): Response {
  return reply(stage === "connect" ? 421 : stage === "auth" ? 454 : 451, enhanced, text);
}
