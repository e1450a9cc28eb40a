/** What reaches the process from outside, and what of its own goes unheard. */

import process from "node:process";

/** What the command wants to hear of. */
export interface Signals {
  /** The first signal to end, from the first call on. The next one ends the process, status 1. */
  first(): Promise<string>;
  /** SIGHUP: what lies in files is to be read again. */
  onHangup(listener: () => void): void;
  onUnhandledRejection(listener: (reason: unknown) => void): void;
  /** After it the process ends as after a signal, but with status 1: nobody knows what state it is in. */
  onUncaughtException(listener: (error: unknown) => void): void;
}

/**
 * One press of Ctrl-C reaches the whole process group, and `npm` passes it on once more: what comes so soon, in
 * milliseconds, is the same signal.
 */
const echo = 250;

/** The process's own. */
export function processSignals(): Signals {
  let end: ((signal: string) => void) | undefined;
  const ending = new Promise<string>((resolve) => end = resolve);
  let firstAt: number | undefined;
  let isHearing = false;

  function hear(signal: string): void {
    const now = performance.now();
    if (firstAt !== undefined && now - firstAt > echo) process.exit(1);
    firstAt ??= now;
    end?.(signal);
  }

  return {
    first() {
      if (isHearing) return ending;
      isHearing = true;
      process.on("SIGINT", () => hear("SIGINT"));
      process.on("SIGTERM", () => hear("SIGTERM"));
      return ending;
    },
    onHangup(listener) {
      process.on("SIGHUP", listener);
    },
    onUnhandledRejection(listener) {
      process.on("unhandledRejection", listener);
    },
    onUncaughtException(listener) {
      process.on("uncaughtException", (error: unknown) => {
        listener(error);
        process.exitCode = 1;
        hear("error");
      });
    },
  };
}
