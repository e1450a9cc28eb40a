/** Who promised what: each copy that a client was told is taken, against each that the handler got. */

export class Ledger {
  readonly #answered = new Set<string>();
  readonly #delivered = new Map<string, number>();
  readonly #wrong: string[] = [];
  readonly #kinds = new Map<string, number>();
  #made = 0;

  /** Names a message. */
  newId(): string {
    return `m${++this.#made}`;
  }

  /** A client was told 250 for this copy. */
  answer(copy: string): void {
    this.#answered.add(copy);
  }

  /** The handler got this copy. */
  deliver(copy: string): void {
    this.#delivered.set(copy, (this.#delivered.get(copy) ?? 0) + 1);
  }

  /** A client that behaved well got something it should not. */
  complain(what: string): void {
    this.#wrong.push(what);
  }

  /** A fault of this kind begins. */
  count(kind: string): void {
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
  }

  /** How many faults there were of each kind. */
  get kinds(): ReadonlyMap<string, number> {
    return this.#kinds;
  }

  get wrong(): readonly string[] {
    return this.#wrong;
  }

  get answered(): number {
    return this.#answered.size;
  }

  /** Copies that were promised and never came. */
  get lost(): readonly string[] {
    return [...this.#answered].filter((copy) => !this.#delivered.has(copy));
  }

  /** Copies that came more than once, although each was sent once. */
  get doubled(): readonly string[] {
    return [...this.#delivered].filter(([, times]) => times > 1).map(([copy]) => copy);
  }

  /** Copies whose sender went before it could hear that they were taken: it would send them again. */
  get unheard(): number {
    return [...this.#delivered.keys()].filter((copy) => !this.#answered.has(copy)).length;
  }
}
