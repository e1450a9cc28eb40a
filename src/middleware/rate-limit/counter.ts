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
  /** How many keys this process remembers: strangers choose them. */
  readonly mostKeys: number;
}

/** Counts one; gives the seconds to wait when that was too many, and 0 when it was not. */
export type Count = (key: string) => Promise<number>;

/** Milliseconds for Redis to answer. */
const patience = 1000;

/** Makes a counter. It rejects when Redis fails and `failOpen` is not set. */
export function counter({ limit, seconds, prefix, redis, failOpen, mostKeys }: CounterOptions): Count {
  const window = { points: limit, duration: seconds, keyPrefix: prefix };
  const here = bounded(new RateLimiterMemory(window), mostKeys);
  if (redis === undefined) return here;
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
      return await here(key);
    }
  };
}

/** Forgets the key whose window began first once there are more than `most`: the library keeps all of them. */
function bounded(limiter: Library.RateLimiterMemory, most: number): Count {
  /** When their windows end, in the order of their beginning. */
  const windows = new Map<string, number>();
  return (key) => {
    const now = Date.now();
    const end = windows.get(key);
    if (end === undefined || end <= now) {
      windows.delete(key);
      for (const oldest of windows.keys()) {
        if (windows.size < most) break;
        windows.delete(oldest);
        void limiter.delete(oldest);
      }
      windows.set(key, now + limiter.duration * 1000);
    }
    return count(limiter, key);
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
