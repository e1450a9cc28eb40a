/** What greylisting remembers. */

import { type RedisClient, sendCommand } from "../redis.ts";

/** Remembers keys for a time. Bring your own to share it in another way than by Redis. */
export interface GreylistStore {
  /** Milliseconds since the key was named first; 0 for a new one, which is remembered for `seconds`. */
  age(key: string, seconds: number): number | Promise<number>;
  /** Whether the key was learned and not forgotten. */
  knows(key: string): boolean | Promise<boolean>;
  /** Remembers the key for `seconds` from now. */
  learn(key: string, seconds: number): void | Promise<void>;
}

/** The memory of one process: bounded, and gone with it. */
export class MemoryGreylistStore implements GreylistStore {
  readonly #most: number;
  /** In the order of their coming. */
  readonly #entries = new Map<string, { readonly since: number; readonly until: number }>();

  /**
   * Remembers nothing yet: what an earlier process knew is gone with it.
   *
   * @param most how many keys are remembered; past that the oldest is forgotten. Default 100 000.
   */
  constructor(most = 100_000) {
    this.#most = most;
  }

  age(key: string, seconds: number): number {
    const entry = this.#find(key);
    if (entry !== undefined) return Date.now() - entry.since;
    this.learn(key, seconds);
    return 0;
  }

  knows(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  learn(key: string, seconds: number): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#most) this.#entries.delete(this.#entries.keys().next().value!);
    this.#entries.set(key, { since: Date.now(), until: Date.now() + seconds * 1000 });
  }

  #find(key: string): { readonly since: number } | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.until > Date.now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }
}

/** A memory that several servers share. Their clocks should agree within seconds. */
export class RedisGreylistStore implements GreylistStore {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #timeout: number;

  /**
   * Asks a Redis of yours.
   *
   * @param client of `ioredis` or `redis`, connected.
   * @param prefix of all keys. Default `postern:greylist:`.
   * @param timeout milliseconds for Redis to answer. Default 1000.
   */
  constructor(client: RedisClient, prefix = "postern:greylist:", timeout = 1000) {
    this.#client = client;
    this.#prefix = prefix;
    this.#timeout = timeout;
  }

  async age(key: string, seconds: number): Promise<number> {
    const now = Date.now();
    const name = this.#prefix + key;
    if (await this.#send("SET", name, `${now}`, "NX", "EX", `${Math.ceil(seconds)}`) !== null) return 0;
    const since = await this.#send("GET", name);
    return since === null ? 0 : Math.max(0, now - Number(since));
  }

  async knows(key: string): Promise<boolean> {
    return Number(await this.#send("EXISTS", this.#prefix + key)) > 0;
  }

  async learn(key: string, seconds: number): Promise<void> {
    await this.#send("SET", this.#prefix + key, `${Date.now()}`, "EX", `${Math.ceil(seconds)}`);
  }

  #send(...args: [string, ...string[]]): Promise<unknown> {
    return sendCommand(this.#client, args, this.#timeout);
  }
}
