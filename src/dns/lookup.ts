import { answerFrom, type Follow } from "./answer.ts";
import { AnswerCache, type CacheOptions } from "./cache.ts";
import { deadline, reasonOf, unlessAborted } from "./deadline.ts";
import type { Reply } from "./message.ts";
import { canonicalName, wireName } from "./name.ts";
import { type Answer, type Failure, failure, type RecordType, type ResolveOptions, type Resolver } from "./resolver.ts";

/** Options that every resolver which asks somebody has. */
export interface LookupOptions {
  /** Milliseconds for one question with all its tries, servers and CNAME steps. Default 10000. */
  readonly deadline?: number;
  /** Most questions under way at once; more wait their turn within their deadline. Default 256. */
  readonly concurrency?: number;
  /** Bounds of the cache, or false for none. */
  readonly cache?: CacheOptions | false;
}

/** Sends one question to whoever answers it. `name` is in wire form. Never rejects. */
export type Exchange = (name: string, type: RecordType, signal: AbortSignal) => Promise<Reply | Failure>;

interface Flight {
  readonly answer: Promise<Answer>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * All of a resolver but the asking: names into wire form, the cache, one flight for equal questions, CNAME chains over
 * several replies, and the deadline.
 */
export class LookupResolver implements Resolver {
  readonly #exchange: Exchange;
  readonly #cache: AnswerCache;
  readonly #flights = new Map<string, Flight>();
  readonly #deadline: number;
  readonly #concurrency: number;
  #active = 0;
  readonly #queue: (() => void)[] = [];

  constructor(exchange: Exchange, options: LookupOptions = {}) {
    this.#exchange = exchange;
    this.#cache = new AnswerCache(options.cache === false ? { maxEntries: 0 } : options.cache);
    this.#deadline = options.deadline ?? 10_000;
    this.#concurrency = options.concurrency ?? 256;
  }

  async resolve<T extends RecordType>(name: string, type: T, options: ResolveOptions = {}): Promise<Answer<T>> {
    const wire = wireName(name);
    if (wire === undefined) return failure("name", `cannot ask for ${JSON.stringify(name.slice(0, 80))}`);
    const signal = options.signal;
    if (signal?.aborted) return failure(reasonOf(signal), "the caller gave up");
    const key = `${type} ${canonicalName(wire)}`;
    // The key holds the type, so what lies under it has that type's records.
    const known = this.#cache.get(key) as Answer<T> | undefined;
    if (known !== undefined) return known;
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      const controller = new AbortController();
      flight = { answer: this.#fly(key, wire, type, controller.signal), controller, waiting: 0 };
      this.#flights.set(key, flight);
    }
    return (await this.#board(key, flight, signal)) as Answer<T>;
  }

  /** Waits for a flight that others may share. The last to leave ends it, so that no socket outlives its purpose. */
  async #board(key: string, flight: Flight, signal: AbortSignal | undefined): Promise<Answer> {
    flight.waiting += 1;
    try {
      return await (signal === undefined ? flight.answer : unlessAborted(flight.answer, signal));
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0) {
        // Off the list first: who comes now must not board a flight that is being called back.
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
        flight.controller.abort();
      }
    }
  }

  async #fly(key: string, name: string, type: RecordType, abandoned: AbortSignal): Promise<Answer> {
    const limit = deadline(this.#deadline, abandoned);
    let size = 0;
    let answer: Answer;
    try {
      await this.#turn(limit.signal);
      try {
        [answer, size] = await this.#chase(name, type, limit.signal);
      } finally {
        this.#active -= 1;
        this.#queue.shift()?.();
      }
    } catch (error) {
      // An exchange of the user's own making may throw; a DNS outcome never does.
      answer = failure("network", error instanceof Error ? error.message : String(error));
    } finally {
      limit.clear();
    }
    this.#cache.set(key, answer, size);
    return answer;
  }

  /** Waits until there is room. Past the deadline it goes on at once, to fail where all deadlines fail. */
  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#active >= this.#concurrency && !signal.aborted) {
      await new Promise<void>((go) => {
        this.#queue.push(go);
        signal.addEventListener("abort", () => {
          const at = this.#queue.indexOf(go);
          if (at >= 0) this.#queue.splice(at, 1);
          go();
        }, { once: true });
      });
    }
    this.#active += 1;
  }

  async #chase(name: string, type: RecordType, signal: AbortSignal): Promise<[Answer, number]> {
    let step: Follow = { status: "follow", name, ttl: Infinity, seen: new Set() };
    for (;;) {
      if (signal.aborted) return [failure(reasonOf(signal), "no answer within the deadline"), 0];
      const target = wireName(step.name);
      if (target === undefined) return [failure("malformed", "CNAME to a name that cannot be asked for"), 0];
      const reply = await this.#exchange(target, type, signal);
      if ("status" in reply) return [reply, 0];
      const read = answerFrom(reply, target, type, step.seen);
      if (read.status !== "follow") {
        if (read.status === "failure") return [read, 0];
        return [{ ...read, ttl: Math.min(read.ttl, step.ttl) }, reply.size];
      }
      step = { ...read, ttl: Math.min(read.ttl, step.ttl) };
    }
  }
}
