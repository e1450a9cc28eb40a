import { setMaxListeners } from "node:events";
import { type Failure, failure, type FailureReason } from "./resolver.ts";
import { after } from "../timer.ts";

const timeIsUp = Symbol("time is up");

/** A signal that fires when the time is up, or when the outer signal does. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Must be called when the work is over: a timer that stays keeps the process alive. */
  clear(): void;
}

/**
 * Starts a deadline. `AbortSignal.any` and `AbortSignal.timeout` would do the same, but cannot be taken back, and the
 * first is not there before Node 20.3.
 *
 * @param milliseconds until it fires
 * @param outer fires it too
 */
export function deadline(milliseconds: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  // Ten names of one PTR answer wait on one signal. Node takes more than ten listeners for a leak, and says so.
  setMaxListeners(0, controller.signal);
  const takeBack = after(milliseconds, () => controller.abort(timeIsUp));
  const follow = (): void => controller.abort(outer?.reason);
  if (outer?.aborted) follow();
  else outer?.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    clear() {
      takeBack();
      outer?.removeEventListener("abort", follow);
    },
  };
}

/** Why a signal fired: one of our deadlines, or somebody who no longer wants the answer. */
export function reasonOf(signal: AbortSignal): FailureReason & ("timeout" | "aborted") {
  return signal.reason === timeIsUp ? "timeout" : "aborted";
}

/** Waits for the work until the signal fires. The work itself goes on: whoever started it must see to its end. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | Failure> {
  let leave = (): void => {};
  const left = new Promise<Failure>((settle) => {
    leave = () => settle(failure(reasonOf(signal), "the wait was ended"));
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  });
  try {
    return await Promise.race([work, left]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
