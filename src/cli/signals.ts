/** What reaches the process from outside, and what of its own goes unheard. */

import process from "node:process";
import { isatty } from "node:tty";

/** What the command wants to hear of. */
export interface Signals {
  /** The first signal to end, from the first call on. The next one ends the process, status 1. */
  first(): Promise<string>;
  /** From now on SIGHUP does not end the process, unless it says that the process's terminal is gone: that is an end. */
  holdHangup(): void;
  /** SIGHUP: what lies in files is to be read again. One that was held is heard now. */
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
  let hangup: (() => void) | undefined;
  let isHeld = false;

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
    holdHangup() {
      const hasTerminal = isatty(0);
      process.on("SIGHUP", () => {
        if (hasTerminal && !isatty(0)) hear("SIGHUP");
        else if (hangup === undefined) isHeld = true;
        else hangup();
      });
    },
    onHangup(listener) {
      hangup = listener;
      if (isHeld) listener();
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
