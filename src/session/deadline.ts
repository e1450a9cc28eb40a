/** Something that must be over by a certain time. */
export interface Deadline {
  /** Milliseconds as of `performance.now()`; `Infinity` while nothing is waited for. */
  readonly deadline: number;
  /** Called once the time has passed. */
  expire(): void;
}

/** Who looks at deadlines: the one sweep of a server, or timers where there is no server. */
export interface Deadlines {
  add(deadline: Deadline): void;
  delete(deadline: Deadline): void;
}
