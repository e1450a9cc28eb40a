/** Waiting, in a handler. */

/** Resolves after `milliseconds`, or at once when the handler's time is up. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end);
  });
}

/** @throws {RangeError} for what is no time to wait: more than a minute, and honest clients give up. */
export function validatePause(milliseconds: number): void {
  if (milliseconds >= 0 && milliseconds <= 60_000) return;
  throw new RangeError(`Cannot wait for ${milliseconds} ms: it is a number from 0 to 60000`);
}
