import { type Absent, type Found, type RecordType, type Resolver, wireName } from "../dns/mod.ts";
import { unlessAborted } from "../dns/deadline.ts";

/** What ends an evaluation before its time. Thrown inside, and never seen outside `checkHost`. */
export class SpfError extends Error {
  readonly result: "permerror" | "temperror";

  constructor(result: "permerror" | "temperror", problem: string) {
    super(problem);
    this.result = result;
  }
}

/** Bounds of one check (RFC 7208 section 4.6.4). */
export interface SpfLimits {
  /** Terms that ask the DNS. The RFC fixes it at 10. */
  readonly lookups: number;
  /** Terms whose question comes back empty. The RFC recommends 2. */
  readonly voids: number;
}

/** Asks the DNS for one check and counts. */
export class Lookups {
  readonly #resolver: Resolver;
  readonly #limits: SpfLimits;
  readonly #signal: AbortSignal;
  #terms = 0;
  #voids = 0;

  constructor(resolver: Resolver, limits: SpfLimits, signal: AbortSignal) {
    this.#resolver = resolver;
    this.#limits = limits;
    this.#signal = signal;
  }

  /** Terms so far that asked the DNS. */
  get terms(): number {
    return this.#terms;
  }

  /** Every include, a, mx, ptr, exists and redirect comes through here, before it asks. */
  countTerm(): void {
    this.#terms += 1;
    if (this.#terms > this.#limits.lookups) {
      throw new SpfError("permerror", `more than ${this.#limits.lookups} terms that ask the DNS`);
    }
  }

  /**
   * The question that a term puts. An empty answer counts as void: the RFC counts terms, so the addresses of MX hosts
   * and of PTR names, which come second, are asked with `ask`.
   */
  async askForTerm<T extends RecordType>(name: string, type: T): Promise<Found<T>["records"]> {
    const answer = await this.ask(name, type);
    if (answer.status === "ok") return answer.records;
    // A name that cannot be asked for was never looked up.
    if (wireName(name) !== undefined && ++this.#voids > this.#limits.voids) {
      throw new SpfError("permerror", `more than ${this.#limits.voids} lookups that found nothing`);
    }
    return [];
  }

  /** @throws SpfError temperror when the DNS could not tell. */
  async ask<T extends RecordType>(name: string, type: T): Promise<Found<T> | Absent> {
    // A malformed name is one that does not exist (section 4.3). So is one with letters beyond ASCII: a macro brought
    // them in, and what IDNA would make of them is not what the domain's owner wrote.
    if (/[^ -~]/.test(name) || wireName(name) === undefined) return { status: "nxdomain", ttl: 0 };
    // A resolver of the user's own may not heed the signal; the check ends in time all the same.
    const answer = await unlessAborted(this.#resolver.resolve(name, type, { signal: this.#signal }), this.#signal);
    if (answer.status !== "failure") return answer;
    if (answer.reason === "name") return { status: "nxdomain", ttl: 0 };
    throw new SpfError("temperror", `${type} lookup of ${name} failed: ${answer.reason}`);
  }
}
