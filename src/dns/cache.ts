import type { Answer } from "./resolver.ts";

/** Bounds of the cache. */
export interface CacheOptions {
  /** Most answers kept; the one unused for longest goes first. Default 10000; 0 turns the cache off. */
  readonly maxEntries?: number;
  /** Most octets of DNS messages kept, about. Default 16 MiB. */
  readonly maxBytes?: number;
  /** An answer is kept for at least this many seconds. Default 0: as its owner says. */
  readonly minTtl?: number;
  /** And for at most this many seconds. Default 3600. */
  readonly maxTtl?: number;
  /** "No such name" and "no such record" are kept for at most this many seconds (RFC 2308 section 5). Default 300. */
  readonly maxNegativeTtl?: number;
  /** A failure is kept for this many seconds: RFC 9520 section 3.2 asks for at least one. Default 1. */
  readonly failureTtl?: number;
}

interface Entry {
  readonly answer: Answer;
  readonly expires: number;
  readonly size: number;
}

/** Answers by name and type, bounded in count, size and time. */
export class AnswerCache {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;
  readonly #options: Required<CacheOptions>;
  #bytes = 0;

  /** @param now milliseconds on a clock that does not jump */
  constructor(options: CacheOptions = {}, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#options = {
      maxEntries: 10_000,
      maxBytes: 16 * 1024 * 1024,
      minTtl: 0,
      maxTtl: 3600,
      maxNegativeTtl: 300,
      failureTtl: 1,
      ...options,
    };
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The answer, its TTL counted down; undefined when there is none or its time is over. */
  get(key: string): Answer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const left = entry.expires - this.#now();
    this.#remove(key, entry);
    if (left <= 0) return undefined;
    this.#add(key, entry); // at the end again: a Map keeps the order of insertion
    if (entry.answer.status === "failure") return entry.answer;
    return { ...entry.answer, ttl: Math.ceil(left / 1000) };
  }

  /**
   * Keeps an answer for as long as it allows.
   *
   * @param size octets of the message it came in
   */
  set(key: string, answer: Answer, size: number): void {
    const seconds = this.#secondsFor(answer);
    if (seconds <= 0 || this.#options.maxEntries <= 0) return;
    const old = this.#entries.get(key);
    if (old !== undefined) this.#remove(key, old);
    this.#add(key, { answer, expires: this.#now() + seconds * 1000, size: size + key.length });
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= this.#options.maxEntries && this.#bytes <= this.#options.maxBytes) break;
      this.#remove(oldest, entry);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #secondsFor(answer: Answer): number {
    const { minTtl, maxTtl, maxNegativeTtl, failureTtl } = this.#options;
    switch (answer.status) {
      case "ok":
        return Math.min(Math.max(answer.ttl, minTtl), maxTtl);
      case "failure":
        // The caller's own doing, or known without asking.
        return answer.reason === "aborted" || answer.reason === "name" ? 0 : failureTtl;
      default:
        return Math.min(Math.max(answer.ttl, minTtl), maxNegativeTtl);
    }
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += entry.size;
  }

  #remove(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.size;
  }
}
