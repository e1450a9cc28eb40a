/** What ends the command line's work with a message, and the exit status that goes with it. */

/** Something is wrong with how the command was called: exit status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The call was right, and yet it could not be done: exit status 1. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** The exit status of a failure. */
export function statusOf(failure: unknown): 1 | 2 {
  return failure instanceof UsageError ? 2 : 1;
}
