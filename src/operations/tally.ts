/** Plain numbers, cheap to count up: nobody looks at them before they are asked for. */

/** A number for each value of a label. */
export class Tally<Label extends string = string> {
  readonly #counts = new Map<Label, number>();

  add(label: Label, by: number = 1): void {
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + by);
  }

  entries(): Iterable<[Label, number]> {
    return this.#counts;
  }
}

/** A tally for each value of another label. */
export class Tallies<Outer extends string = string, Inner extends string = string> {
  readonly #tallies = new Map<Outer, Tally<Inner>>();

  add(outer: Outer, inner: Inner): void {
    let tally = this.#tallies.get(outer);
    if (tally === undefined) this.#tallies.set(outer, tally = new Tally());
    tally.add(inner);
  }

  entries(): Iterable<[Outer, Tally<Inner>]> {
    return this.#tallies;
  }
}

/** How many values were up to each of some bounds, and their sum. */
export class Distribution {
  /** Ascending; what is above the last of them counts as well. */
  readonly bounds: readonly number[];
  /** One more than there are bounds. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let at = 0;
    while (at < this.bounds.length && value > this.bounds[at]!) at++;
    this.#counts[at]!++;
    this.#sum += value;
  }

  get sum(): number {
    return this.#sum;
  }

  /** How many values there were up to each bound, and last of all how many there were. */
  cumulative(): number[] {
    let total = 0;
    return this.#counts.map((count) => total += count);
  }
}
