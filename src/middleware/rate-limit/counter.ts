/** Counts in a window of time, in this process or in Redis. */

import type * as Library from "rate-limiter-flexible";
// @ts-ignore: the library has types for its main file alone, and that file loads two dozen databases.
import MemoryLimiter from "rate-limiter-flexible/lib/RateLimiterMemory.js";
// @ts-ignore: see above.
import RedisLimiter from "rate-limiter-flexible/lib/RateLimiterRedis.js";
import { answered, isIoRedis, type RedisClient } from "../redis.ts";

const RateLimiterMemory = MemoryLimiter as unknown as typeof Library.RateLimiterMemory;
const RateLimiterRedis = RedisLimiter as unknown as typeof Library.RateLimiterRedis;

/** What a counter is made of. */
export interface CounterOptions {
  /** How many in a window. */
  readonly limit: number;
  /** The window's length in seconds. */
  readonly seconds: number;
  /** Of the keys in Redis. */
  readonly prefix: string;
  readonly redis: RedisClient | undefined;
  /** Whether this process counts for itself while Redis does not answer; else the count fails. */
  readonly failOpen: boolean;
}

/** Counts one; gives the seconds to wait when that was too many, and 0 when it was not. */
export type Count = (key: string) => Promise<number>;

/** Milliseconds for Redis to answer. */
const patience = 1000;

/** Makes a counter. It rejects when Redis fails and `failOpen` is not set. */
export function counter({ limit, seconds, prefix, redis, failOpen }: CounterOptions): Count {
  const window = { points: limit, duration: seconds, keyPrefix: prefix };
  const here = new RateLimiterMemory(window);
  if (redis === undefined) return (key) => count(here, key);
  const shared = new RateLimiterRedis({
    ...window,
    storeClient: redis,
    useRedisPackage: !isIoRedis(redis),
    // A client without a connection would keep the command for later.
    rejectIfRedisNotReady: true,
  });
  return async (key) => {
    try {
      return await answered(count(shared, key), patience);
    } catch (error) {
      if (!failOpen) throw error;
      return await count(here, key);
    }
  };
}

async function count(limiter: Library.RateLimiterAbstract, key: string): Promise<number> {
  try {
    await limiter.consume(key);
    return 0;
  } catch (refusal) {
    // The library throws its answer, too.
    if (refusal instanceof Error) throw refusal;
    return Math.max(1, Math.ceil((refusal as Library.RateLimiterRes).msBeforeNext / 1000));
  }
}
