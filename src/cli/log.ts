/** LogTape, set up for the command line: readable on a terminal, JSON lines for machines. */

import {
  configureSync,
  getConfig,
  getJsonLinesFormatter,
  getTextFormatter,
  type LogLevel,
  type LogRecord,
  type TextFormatter,
} from "@logtape/logtape";
import { withoutControls } from "../log.ts";
import type { CommandSettings } from "./flags.ts";
import type { Output, Style } from "./output.ts";

/**
 * Begins to log, unless the app has set LogTape up already: then it knows what it wants. Loggers of the app's own are
 * heard as well.
 */
export function configureLog({ logLevel, logFormat }: CommandSettings, output: Output): void {
  if (getConfig() !== null) return;
  const format = logFormat === "json" ? jsonLine : prettyFormatter(output);
  configureSync({
    sinks: { stdout: (record) => output.write(format(record)) },
    loggers: [
      { category: [], sinks: ["stdout"], lowestLevel: logLevel },
      { category: ["logtape", "meta"], sinks: ["stdout"], parentSinks: "override", lowestLevel: "warning" },
    ],
  });
}

/** A record as one JSON object and a line feed. */
export const jsonLine: TextFormatter = getJsonLinesFormatter({ properties: "flatten" });

/** A line of the command's own, in the shape of the log's. */
export function announcement(text: string, fields: Record<string, unknown>): string {
  const record: LogRecord = {
    category: ["postern", "server"],
    level: "info",
    message: [text],
    rawMessage: text,
    timestamp: Date.now(),
    properties: fields,
  };
  return jsonLine(record);
}

const levelStyles: Readonly<Partial<Record<LogLevel, Style>>> = {
  debug: "cyan",
  warning: "yellow",
  error: "red",
  fatal: "red",
};

function prettyFormatter(output: Output): TextFormatter {
  return getTextFormatter({
    // A terminal shows what happens now; elsewhere the line is read tomorrow, and on another machine.
    ...(output.isTerminal ? { timestamp: "time", timeZone: null } as const : { timestamp: "rfc3339" } as const),
    level: "full",
    value(value, inspect) {
      if (typeof value === "string") return withoutControls(value);
      return Array.isArray(value) ? withoutControls(value.map(String).join(",")) : inspect(value);
    },
    format({ timestamp, level, message, record }) {
      const style = levelStyles[record.level];
      const name = level.padEnd(7);
      const head = `${output.style("dim", timestamp ?? "")} ${style === undefined ? name : output.style(style, name)}`;
      const { stack } = record.properties;
      const below = typeof stack === "string" && stack !== "" ? `\n${output.style("dim", stack)}` : "";
      return `${head} ${record.category.at(-1) ?? ""} ${message}${below}`;
    },
  });
}
