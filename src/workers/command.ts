/** Workers on Bun and Deno: the kernel shares a port between processes that all ask for it (SO_REUSEPORT). */

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";

/** The words of this process's command line: read once, for there may be no file descriptor left when a worker ends. */
let known: readonly string[] | undefined;

/** Starts this process's own command line once more. */
export function forkCommand(
  environment: Readonly<Record<string, string>>,
  adapted: (words: string[]) => string[] = (words) => words,
): ChildProcess {
  // As the system knows it: flags of the runtime, which `process.argv` leaves out, are part of it.
  known ??= readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(1, -1);
  return spawn(process.execPath, adapted([...known]), {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

/** Why there are no workers here. */
export function portSharingObstacle(runtime: string): string | undefined {
  if (process.platform === "linux") return undefined;
  return `${runtime} shares a port between processes on Linux only: elsewhere one of them gets all connections, or the ` +
    "others none; Node has workers on every system";
}
