/** What is written down of what goes wrong beside the sessions. */

import { getLogger, type Logger } from "@logtape/logtape";
import { errorFields } from "../log.ts";
import { logError } from "../unheard.ts";
import { visible } from "../visible.ts";

const handlers: Logger = getLogger(["postern", "handler"]);
const transcripts: Logger = getLogger(["postern", "transcript"]);

/** A transcript could not be written; nor, most likely, can the next ones, of which nothing is said. */
export function logTranscriptFailure(error: unknown): void {
  logError(transcripts, "sessions go on without transcripts: {error}", errorFields(transcripts, error));
}

/** A handler of the app's own HTTP routes failed; the client was told 500, or what the app made of it. */
export function logHttpFailure(method: string, path: string, error: unknown): void {
  logError(handlers, "HTTP {method} {path} failed: {error}", {
    method: visible(method),
    path: visible(path),
    ...errorFields(handlers, error),
  });
}
