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
import { describeError, withoutControls } from "../visible.ts";
import type { CommandSettings } from "./flags.ts";
import { droppedNotice, type Output, type Style } from "./output.ts";

/**
 * Begins to log, unless the app has set LogTape up already: then it knows what it wants. Loggers of the app's own are
 * heard as well.
 */
export function configureLog({ logLevel, logFormat }: CommandSettings, output: Output): void {
  if (logFormat === "json") {
    output.tellOfDropped = (lines) => announcement(droppedNotice(lines), { dropped: lines }, "warning");
  }
  if (getConfig() !== null) return;
  const format = logFormat === "json" ? jsonLine : prettyFormatter(output);
  const stdout = (record: LogRecord): void => output.write(format(record));
  configureSync({
    sinks: { stdout: Object.assign(stdout, { [readsAtOnce]: true }) },
    loggers: [
      { category: [], sinks: ["stdout"], lowestLevel: logLevel },
      { category: ["logtape", "meta"], sinks: ["stdout"], parentSinks: "override", lowestLevel: "warning" },
    ],
  });
}

/**
 * LogTape's mark of a sink that is done with a record when it returns: others get a copy of it, which costs more than
 * to write it. Without the mark there would be nothing but the copy.
 */
const readsAtOnce: symbol = Symbol.for("LogTape.sinkSnapshotPolicy.immediate");

const formatAnything = getJsonLinesFormatter({ properties: "flatten" });

/** A record as one JSON object and a line feed. Its message is for eyes here, too: without JSON within JSON. */
function jsonLine(record: LogRecord): string {
  try {
    const { properties, message } = record;
    if (!isSimple(properties)) return anyLine(record, besideOwn(properties));
    // The fields stand beside the rest, and are written without being copied there first.
    const fields = withoutUnseen(JSON.stringify(properties));
    return `{"@timestamp":"${timeOf(record)}","level":"${levelNames[record.level]}","message":${textOf(message)},` +
      `"logger":${loggerOf(record)}${fields === "{}" ? "}" : `,${fields.slice(1)}`}\n`;
  } catch {
    // Fields that nobody can read: what happened is told without them.
    return anyLine(record, {});
  }
}

function anyLine(record: LogRecord, properties: Record<string, unknown>): string {
  return withoutUnseen(formatAnything({ ...record, message: [JSON.parse(textOf(record.message))], properties }));
}

/** The message as a JSON string. Nearly every one is harmless as it stands: one look at the whole of it is enough. */
function textOf(message: LogRecord["message"]): string {
  let whole = "";
  for (let at = 0; at < message.length; at++) {
    const part = message[at];
    whole += typeof part === "object" || typeof part === "symbol" ? shown(part) : part;
  }
  if (isPlain.test(whole)) return `"${whole}"`;
  const text = message.map((part, at) => at % 2 === 0 ? part : shown(part)).join("");
  return withoutUnseen(JSON.stringify(text));
}

/** Text that is JSON as it stands. */
const isPlain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

const levelNames: Readonly<Record<LogLevel, string>> = {
  trace: "TRACE",
  debug: "DEBUG",
  info: "INFO",
  warning: "WARN",
  error: "ERROR",
  fatal: "FATAL",
};

/** Many lines are of the same millisecond, and few categories write them. */
let lastTimestamp = NaN;
let lastTime = "";

function timeOf({ timestamp }: LogRecord): string {
  if (timestamp !== lastTimestamp) {
    lastTimestamp = timestamp;
    lastTime = new Date(timestamp).toISOString();
  }
  return lastTime;
}

let lastCategory: readonly string[] = [];
let lastLogger = "";

function loggerOf({ category }: LogRecord): string {
  if (category !== lastCategory) {
    lastCategory = category;
    lastLogger = withoutUnseen(JSON.stringify(category.join(".")));
  }
  return lastLogger;
}

/** JSON without what it lets pass and a terminal obeys, or shows as something else. */
function withoutUnseen(json: string): string {
  if (!unseen.test(json)) return json;
  return json.replace(unseenEach, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** As in visible.ts; each half of a surrogate pair by itself, as JSON escapes them. */
const unseen = new RegExp(
  "[\\x7f-\\x9f\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2064\\u2066-\\u2069\\ufeff]" +
    "|\\udb40(?=[\\udc00-\\udc7f])|(?<=\\udb40)[\\udc00-\\udc7f]",
);
const unseenEach = new RegExp(unseen, "g");

/** The names of what a line says of itself. */
const ownNames = ["@timestamp", "level", "message", "logger"] as const;

/** Fields of those names, under others: what a line says of itself stays true. */
function besideOwn(properties: Record<string, unknown>): Record<string, unknown> {
  const beside = { ...properties };
  for (const name of ownNames) {
    if (!(name in beside)) continue;
    beside[`properties.${name}`] = beside[name];
    delete beside[name];
  }
  return beside;
}

/** Whether JSON takes everything as it is: text, numbers, truth, and lists of text, under names that are free. */
function isSimple(properties: Record<string, unknown>): boolean {
  for (let at = 0; at < ownNames.length; at++) if (ownNames[at]! in properties) return false;
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
  if (value instanceof Error) return describeError(value);
  try {
    if (typeof value !== "object" || value === null) return withoutControls(String(value));
    return withoutControls(Array.isArray(value) ? value.map(String).join(",") : JSON.stringify(value));
  } catch {
    return `(a value of type ${typeof value})`;
  }
}

/** Text of several lines, none of which can be taken for one of the log's own, or is obeyed by a terminal. */
function lines(text: string): string {
  const [first = "", ...others] = text.split(/\r?\n/).map(withoutControls);
  return [first, ...others.map((line) => /^\s/.test(line) ? line : `    ${line}`)].join("\n");
}

/** A line of the command's own, in the shape of the log's. */
export function announcement(text: string, fields: Record<string, unknown>, level: LogLevel = "info"): string {
  const record: LogRecord = {
    category: ["postern", "server"],
    level,
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
      const below = typeof stack === "string" && stack !== "" ? `\n    ${output.style("dim", lines(stack))}` : "";
      return `${head} ${record.category.at(-1) ?? ""} ${lines(message)}${below}`;
    },
  });
}
