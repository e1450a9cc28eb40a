/** Something that must be over by a certain time. One sweep per server looks at all of them. */
export interface Deadline {
  /** Milliseconds as of `performance.now()`; `Infinity` while nothing is waited for. */
  readonly deadline: number;
  /** Called once the time has passed. */
  expire(): void;
}
