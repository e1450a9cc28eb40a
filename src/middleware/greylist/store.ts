/** What greylisting remembers. */

import { type RedisClient, sendCommand } from "../redis.ts";

/** Remembers keys for a time. Bring your own to share it in another way than by Redis. */
export interface GreylistStore {
  /**
   * Milliseconds since the key was named first; 0 for a new one, which is remembered for `seconds`.
   *
   * @param network whose try it is, as in the key: one may be held to less than all.
   */
  age(key: string, seconds: number, network: string): number | Promise<number>;
  /** Whether the key was learned and not forgotten. */
  knows(key: string): boolean | Promise<boolean>;
  /** Remembers the key for `seconds` from now. */
  learn(key: string, seconds: number): void | Promise<void>;
}

/** The memory of one process: bounded, and gone with it. */
export class MemoryGreylistStore implements GreylistStore {
  readonly #known: Lapsing;
  readonly #seen: Lapsing;
  readonly #mostOfOne: number;
  /** What is in `#seen`, by network. */
  readonly #networks = new Map<string, Set<string>>();

  /**
   * Remembers nothing yet: what an earlier process knew is gone with it.
   *
   * @param most how many keys are remembered of those that were learned, and as many of those that were only seen; past
   * that the oldest is forgotten, of what was seen the network's own oldest past a tenth of them, so that no network
   * makes the others' tries be forgotten. Default 100 000.
   */
  constructor(most = 100_000) {
    this.#known = new Lapsing(most);
    this.#seen = new Lapsing(most, (key, network) => this.#forget(key, network));
    this.#mostOfOne = Math.ceil(most / 10);
  }

  age(key: string, seconds: number, network = ""): number {
    const since = this.#seen.since(key);
    if (since !== undefined) return Date.now() - since;
    const own = this.#networks.get(network) ?? new Set();
    this.#networks.set(network, own.add(key));
    this.#seen.add(key, seconds, network);
    if (own.size > this.#mostOfOne) this.#seen.delete(own.values().next().value!);
    return 0;
  }

  knows(key: string): boolean {
    return this.#known.since(key) !== undefined;
  }

  learn(key: string, seconds: number): void {
    this.#known.add(key, seconds, "");
  }

  #forget(key: string, network: string): void {
    const own = this.#networks.get(network);
    own?.delete(key);
    if (own?.size === 0) this.#networks.delete(network);
  }
}

/** Keys that are remembered for a time, in the order of their coming, and no more than so many. */
class Lapsing {
  readonly #most: number;
  readonly #forgotten: (key: string, network: string) => void;
  readonly #entries = new Map<string, { readonly since: number; readonly until: number; readonly network: string }>();

  constructor(most: number, forgotten: (key: string, network: string) => void = () => {}) {
    this.#most = most;
    this.#forgotten = forgotten;
  }

  /** When the key came, in milliseconds of the epoch. */
  since(key: string): number | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.until > Date.now()) return entry.since;
    this.delete(key);
    return undefined;
  }

  add(key: string, seconds: number, network: string): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#most) this.delete(this.#entries.keys().next().value!);
    this.#entries.set(key, { since: Date.now(), until: Date.now() + seconds * 1000, network });
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#forgotten(key, entry.network);
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
