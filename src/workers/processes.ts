/** Processes of the same program: how one is started, and what it is told by its environment. */

import type { ChildProcess } from "node:child_process";
import process from "node:process";

/** What a runtime knows of workers. */
export interface Processes {
  /** Starts one more process of the command that runs now, with a channel to it. */
  fork(environment: Readonly<Record<string, string>>): ChildProcess;
  /** Whether several processes can listen on one Unix socket. */
  readonly sharesUnixSockets: boolean;
  /** Why this machine cannot have workers; undefined where it can. */
  readonly obstacle: string | undefined;
}

const mark = "POSTERN_WORKER";

/** The environment of a worker. */
export const workerEnvironment: Readonly<Record<string, string>> = { [mark]: "1" };

/** Where it is remembered: the command line and the app it loads may each have a copy of this module. */
const known: symbol = Symbol.for("postern.worker");
const memory = globalThis as Record<symbol, boolean | undefined>;

/** Whether this process was started as a worker. */
export function isWorker(): boolean {
  const found = memory[known] ??= process.env[mark] === "1" && process.send !== undefined;
  // What the app starts is not one.
  if (found) delete process.env[mark];
  return found;
}
