/** What is written down of workers. */

import { getLogger, type Logger } from "@logtape/logtape";
import { logError } from "../unheard.ts";
import { visible } from "../visible.ts";

const workers: Logger = getLogger(["postern", "worker"]);

/** A worker listens. */
export function logReady(slot: number, pid: number | undefined): void {
  workers.info("worker {worker} is ready, pid {pid}", { worker: slot + 1, pid });
}

/** A worker ended that should not have. */
export function logEnded(slot: number, pid: number | undefined, how: string, wait: number): void {
  logError(workers, "worker {worker}, pid {pid}, ended with {how}; another takes its place in {milliseconds} ms", {
    worker: slot + 1,
    pid,
    how,
    milliseconds: wait,
  });
}

/** A worker that started during a reload keeps the certificates it has. */
export function logNotRenewed(slot: number, reason: string): void {
  logError(workers, "worker {worker} has not taken the new certificates: {reason}", {
    worker: slot + 1,
    reason: visible(reason),
  });
}

/** A worker's process could not be started. */
export function logUnstarted(slot: number, reason: string, wait: number): void {
  logError(workers, "worker {worker} could not be started: {reason}; the next attempt is in {milliseconds} ms", {
    worker: slot + 1,
    reason: visible(reason),
    milliseconds: wait,
  });
}

/** A worker could not begin. */
export function logFailed(slot: number, pid: number | undefined, reason: string): void {
  logError(workers, "worker {worker}, pid {pid}, cannot serve: {reason}", {
    worker: slot + 1,
    pid,
    reason: visible(reason),
  });
}

/** The parent of this process is gone. */
export function logOrphaned(): void {
  workers.warn("the parent of this worker is gone: stopping", {});
}
