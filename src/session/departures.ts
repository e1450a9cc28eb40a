/** Replies of many sessions that leave together. */

/** Who has something to send at the end of a turn. */
export interface Departing {
  /** Never throws: others depart behind it. */
  depart(): void;
}

const fewestSessions = 3;

/**
 * Sends what was said in one turn of the event loop when that is over.
 *
 * A reply on its own wakes the client on the other side, which then runs, and sleeps again before the next reply is
 * there: for the kernel that is most of the work. Sent one behind the other they wake it once, and its next commands
 * come together, too. Nobody waits longer: the turn would have gone on all the same.
 */
export class Departures {
  readonly #atEndOfTurn: (run: () => void) => void;
  readonly #sessions: () => number;
  #waiting: Departing[] = [];
  #spare: Departing[] = [];

  /**
   * @param atEndOfTurn as `setImmediate`: runs something once all that has arrived by now was dealt with.
   * @param sessions how many there are.
   */
  constructor(atEndOfTurn: (run: () => void) => void, sessions: () => number) {
    this.#atEndOfTurn = atEndOfTurn;
    this.#sessions = sessions;
  }

  /** Whether it pays to wait for others: with hardly anybody there, the turn costs more than it saves. */
  get areShared(): boolean {
    return this.#sessions() >= fewestSessions;
  }

  add(departing: Departing): void {
    if (this.#waiting.push(departing) === 1) this.#atEndOfTurn(this.#depart);
  }

  readonly #depart = (): void => {
    const leaving = this.#waiting;
    this.#waiting = this.#spare;
    this.#spare = leaving;
    for (const departing of leaving) departing.depart();
    leaving.length = 0;
  };
}
