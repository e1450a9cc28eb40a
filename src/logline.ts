/** A line of the log that is written often. */

import type { Logger, LogLevel, LogRecord } from "@logtape/logtape";

/** Its text is taken apart once; LogTape would look for the fields in it each time. */
export class LogLine {
  readonly #logger: Logger;
  readonly #template: string;
  readonly #texts: readonly string[];
  readonly #names: readonly string[];

  /** @param template as for the methods of a logger: `{id} came from {client}`, without braces of its own. */
  constructor(logger: Logger, template: string) {
    this.#logger = logger;
    this.#template = template;
    const parts = template.split(/[{}]/);
    this.#texts = parts.filter((_, at) => at % 2 === 0);
    this.#names = parts.filter((_, at) => at % 2 === 1);
  }

  isEnabledFor(level: LogLevel): boolean {
    return this.#logger.isEnabledFor(level);
  }

  write(level: LogLevel, properties: Record<string, unknown>): void {
    const message: unknown[] = [this.#texts[0]];
    for (let at = 0; at < this.#names.length; at++) message.push(properties[this.#names[at]!], this.#texts[at + 1]);
    const { category } = this.#logger;
    // With its category a record is taken as it is, and not copied.
    const record: LogRecord = {
      category,
      level,
      timestamp: Date.now(),
      rawMessage: this.#template,
      message,
      properties,
    };
    this.#logger.emit(record);
  }
}
