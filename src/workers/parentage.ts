/** How a worker learns that its parent is gone. */

import process from "node:process";

/** Milliseconds between two looks. */
const interval = 1000;

/** The process that started this one. */
const parent: number = process.ppid;

/** Whether the parent of this process is gone. */
export function isOrphaned(): boolean {
  return !process.connected || process.ppid !== parent;
}

/**
 * Calls back once, when the parent of this process is gone.
 *
 * The channel's end should tell; but Deno says nothing where the parent had not read everything when it was killed. Then
 * the process has another parent: the system's.
 */
export function whenOrphaned(gone: () => void): Disposable {
  const timer = setInterval(() => process.ppid !== parent && tell(), interval);
  // That alone is no reason to go on.
  timer.unref();

  function end(): void {
    clearInterval(timer);
    process.off("disconnect", tell);
  }

  function tell(): void {
    end();
    gone();
  }

  process.on("disconnect", tell);
  return { [Symbol.dispose]: end };
}
