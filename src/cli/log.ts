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

const formatAnything = getJsonLinesFormatter({ properties: "flatten" });

/** A record as one JSON object and a line feed. Its message is for eyes here, too: without JSON within JSON. */
function jsonLine(record: LogRecord): string {
  if (!isSimple(record.properties)) return formatAnything(record);
  let message = "";
  for (let at = 0; at < record.message.length; at++) {
    message += at % 2 === 0 ? record.message[at] : shown(record.message[at]);
  }
  // The same without a look into each value, for which our own lines have no need.
  const line = JSON.stringify({
    "@timestamp": new Date(record.timestamp).toISOString(),
    level: record.level === "warning" ? "WARN" : record.level.toUpperCase(),
    message,
    logger: record.category.join("."),
    ...record.properties,
  });
  return `${line.replace(unseen, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}

/** What JSON lets pass and a terminal obeys, or shows as something else. */
const unseen = /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Whether JSON takes everything as it is: text, numbers, truth, and lists of text. */
function isSimple(properties: Record<string, unknown>): boolean {
  for (const name in properties) {
    const value = properties[name];
    if (typeof value === "object" && value !== null) {
      if (!Array.isArray(value) || !value.every((each) => typeof each === "string")) return false;
    } else if (typeof value === "bigint" || typeof value === "function" || typeof value === "symbol") return false;
  }
  return true;
}

/** A value within a message, on one line whatever it is. */
function shown(value: unknown): string {
  return withoutControls(Array.isArray(value) ? value.map(String).join(",") : String(value));
}

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
    value: (value, inspect) => typeof value === "object" && !Array.isArray(value) ? inspect(value) : shown(value),
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
