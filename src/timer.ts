/** Timers for as long as anybody may ask for. */

/** The longest that runtimes can wait for, in milliseconds: almost 25 days. Past it they fire at once. */
export const longestTimer: number = 2 ** 31 - 1;

/**
 * Calls back after so many milliseconds, never for `Infinity`.
 *
 * @returns takes it back.
 */
export function after(milliseconds: number, act: () => void): () => void {
  if (milliseconds === Infinity) return () => {};
  const timer = setTimeout(act, Math.min(milliseconds, longestTimer));
  return () => clearTimeout(timer);
}
