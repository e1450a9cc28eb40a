/** Errors where no log is configured: whoever embeds a server must not have to guess why it answers 451. */

import { getConfig, type Logger } from "@logtape/logtape";
import { withoutControls } from "./visible.ts";

/** Whether anybody hears of an error: through LogTape, or on the console where nobody has set that up. */
export function isErrorHeard(logger: Logger): boolean {
  // Another copy of LogTape may have been configured: the loggers are shared, what is known of the configuration is not.
  return logger.isEnabledFor("error") || getConfig() === null;
}

/**
 * Logs an error, as `logger.error()` does; on the console where LogTape is not configured.
 *
 * @param template its text, with `{names}` of fields.
 * @param fields of which those that are shown have no control characters.
 */
export function logError(logger: Logger, template: string, fields: Record<string, unknown>): void {
  if (logger.isEnabledFor("error") || getConfig() !== null) return logger.error(template, fields);
  const unshown = bound.count(Date.now());
  if (unshown === undefined) return;
  if (!isHintGiven) {
    isHintGiven = true;
    console.error(hint);
  }
  const message = template.replace(/\{(\w+)\}/g, (_, name: string) => String(fields[name]));
  const more = unshown === 0 ? "" : ` (${unshown} more errors were not shown)`;
  console.error(`${logger.category.join(" ")}: ${withoutControls(message)}${more}`);
}

let isHintGiven = false;
const hint = "postern: LogTape is not configured, so only errors are shown: " +
  'configure() of @logtape/logtape with a sink for the category "postern" shows the rest';

/** So many lines in ten seconds: what fails for every message must not flood whoever reads it. */
class Bound {
  readonly #most: number;
  #shown = 0;
  #unshown = 0;
  #since = -Infinity;

  constructor(most: number) {
    this.#most = most;
  }

  /** One more. How many were not shown before it, or undefined when it is not to be shown itself. */
  count(now: number): number | undefined {
    if (now - this.#since >= 10_000 || now < this.#since) {
      this.#since = now;
      this.#shown = 0;
    }
    if (this.#shown === this.#most) {
      this.#unshown++;
      return undefined;
    }
    this.#shown++;
    const unshown = this.#unshown;
    this.#unshown = 0;
    return unshown;
  }
}

const bound = new Bound(20);
