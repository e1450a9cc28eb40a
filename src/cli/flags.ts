/**
 * The flags of the commands, one entry each: whatever reads, explains or prints flags does so from this table.
 */

import type { HttpOptions } from "../operations/options.ts";
import type { ServeOptions } from "../options.ts";
import type { Limits, Timeouts } from "../session/options.ts";
import type { SpoolOptions } from "../spool/spool.ts";
import type { ForwardCommandSettings } from "./forwardflags.ts";
import type { TlsOptions } from "../tls/options.ts";
import { count, type Kind, octets, oneOf, onOrOff, port, seconds, secondsOrNone, text } from "./kind.ts";
import { listeners } from "./listeners.ts";
import { operations } from "./operationsflags.ts";
import { proxies } from "./proxyflags.ts";
import { authentication, encryption } from "./securityflags.ts";

/** What is set for the command itself, beside the options of `serve()`. */
export interface CommandSettings {
  /** Milliseconds for sessions to finish after a signal. */
  readonly grace: number;
  readonly logLevel: "debug" | "info" | "warning" | "error";
  readonly logFormat: "pretty" | "json";
  readonly printConfig: boolean;
  /** Whether the inbox may be reached from other machines. */
  readonly publicInbox: boolean;
  readonly help: boolean;
}

type Under<Prefix extends string, T> = { [K in keyof T & string as `${Prefix}.${K}`]-?: NonNullable<T[K]> };

/** The options that have parts. */
type Nested = "limits" | "timeouts" | "spool" | "tls" | "http";

/** Everything a flag can set, by its path: plain for the options of `serve()`, `command.…` for the command's own. */
export type Fields =
  & { [K in Exclude<keyof ServeOptions, Nested>]-?: NonNullable<ServeOptions[K]> }
  & Under<"limits", Limits>
  & Under<"timeouts", Timeouts>
  & Under<"spool", SpoolOptions>
  & Under<"http", HttpOptions>
  & Under<"tls", Omit<TlsOptions, "sni" | "ca"> & { readonly ca: string }>
  & Under<"command", CommandSettings>
  & Under<"forward", ForwardCommandSettings>;

/** One flag. The kind fits what it sets, or it does not compile. */
export type Flag = {
  [F in keyof Fields]: {
    /** Without its hyphens. The environment twin is POSTERN_ and the name in capitals. */
    readonly name: string;
    /** One letter. */
    readonly short?: string;
    readonly sets: F;
    readonly kind: Kind<Fields[F]>;
    /** As one would write it on the command line. Absent where there is none, or where `defaultText` tells of it. */
    readonly default?: string;
    readonly defaultText?: string;
    readonly help: string;
    /** One more environment variable, read when the twin is not set. */
    readonly environment?: string;
    /** Never printed. */
    readonly isSecret?: true;
    /** Only on the command line: a question, not a setting. */
    readonly hasNoTwin?: true;
  };
}[keyof Fields];

/** Flags that belong together, under one heading of the help. */
export interface FlagGroup {
  readonly title: string;
  readonly flags: readonly Flag[];
}

const address: readonly Flag[] = [
  {
    name: "port",
    short: "p",
    sets: "port",
    kind: port,
    default: "2525",
    help: "where to listen; 0 for any free port",
    environment: "PORT",
  },
  {
    name: "hostname",
    sets: "hostname",
    kind: text("ADDRESS"),
    defaultText: "0.0.0.0; 127.0.0.1 for the inbox",
    help: "address to listen on; :: for IPv6 and IPv4",
  },
  { name: "unix", sets: "unix", kind: text("PATH"), help: "listen on a Unix socket instead" },
  {
    name: "listen",
    sets: "listeners",
    kind: listeners,
    help: "listen on several ports instead, as 25,465/tls,587/submission",
  },
  {
    name: "name",
    sets: "name",
    kind: text("NAME"),
    defaultText: "the machine's",
    help: "what the server calls itself in greeting, EHLO and Received",
  },
];

const messages: readonly Flag[] = [
  { name: "max-size", sets: "maxSize", kind: octets, default: "25MiB", help: "the largest message" },
  {
    name: "bare-newline",
    sets: "bareNewline",
    kind: oneOf("reject", "normalize"),
    default: "reject",
    help: "what becomes of a message with a CR or LF alone",
  },
  {
    name: "max-recipients",
    sets: "limits.recipients",
    kind: count,
    default: "1000",
    help: "recipients of one message",
  },
  {
    name: "memory-per-message",
    sets: "spool.memoryPerMessage",
    kind: octets,
    default: "1MiB",
    help: "a larger message goes to a temporary file",
  },
  {
    name: "memory-budget",
    sets: "spool.memoryBudget",
    kind: octets,
    default: "256MiB",
    help: "memory for all messages; past it, files",
  },
  {
    name: "disk-budget",
    sets: "spool.diskBudget",
    kind: octets,
    defaultText: "the disk",
    help: "disk for all messages; past it, 452",
  },
  {
    name: "spool-dir",
    sets: "spool.directory",
    kind: text("PATH"),
    defaultText: "the system's",
    help: "where large messages lie while they are handled",
  },
];

const clients: readonly Flag[] = [
  { name: "max-connections", sets: "maxConnections", kind: count, default: "1000", help: "connections at a time" },
  {
    name: "max-connections-per-address",
    sets: "maxConnectionsPerAddress",
    kind: count,
    default: "50",
    help: "connections at a time from one address",
  },
  {
    name: "max-messages",
    sets: "limits.transactions",
    kind: count,
    default: "10000",
    help: "messages in one session",
  },
  {
    name: "max-errors",
    sets: "limits.errors",
    kind: count,
    default: "20",
    help: "commands of wrong syntax or order in one session",
  },
  {
    name: "max-junk-commands",
    sets: "limits.junkCommands",
    kind: count,
    default: "100",
    help: "NOOP, RSET, VRFY and the like without a message",
  },
  {
    name: "pipelining",
    sets: "pipelining",
    kind: oneOf("strict", "lenient"),
    default: "strict",
    help: "strict: a client that sends ahead where it must not is sent away",
  },
];

const times: readonly Flag[] = [
  {
    name: "handler-timeout",
    sets: "timeouts.handler",
    kind: seconds,
    default: "120",
    help: "for one handler, before its stage is answered 451",
  },
  {
    name: "delivery-timeout",
    sets: "timeouts.delivery",
    kind: seconds,
    default: "480",
    help: "for all handlers of one message",
  },
  { name: "command-timeout", sets: "timeouts.command", kind: seconds, default: "300", help: "for the next command" },
  {
    name: "block-timeout",
    sets: "timeouts.block",
    kind: seconds,
    default: "180",
    help: "for the next block of a message",
  },
  {
    name: "min-data-rate",
    sets: "minDataRate",
    kind: count,
    default: "500",
    help: "the slowest message that is waited for, in octets a second",
  },
  {
    name: "grace",
    sets: "command.grace",
    kind: secondsOrNone,
    default: "10",
    help: "for sessions to finish after SIGINT or SIGTERM",
  },
];

const rest: readonly Flag[] = [
  {
    name: "workers",
    sets: "workers",
    kind: count,
    default: "1",
    help: "processes that serve the same port, one for each core",
  },
  {
    name: "log-level",
    sets: "command.logLevel",
    kind: oneOf("debug", "info", "warning", "error"),
    default: "info",
    help: "what is logged at least; debug adds stack traces",
  },
  {
    name: "log-format",
    sets: "command.logFormat",
    kind: oneOf("pretty", "json"),
    default: "pretty",
    help: "for eyes, or one JSON object a line",
  },
  {
    name: "public-inbox",
    sets: "command.publicInbox",
    kind: onOrOff,
    default: "false",
    help: "let other machines reach the development inbox",
  },
  {
    name: "print-config",
    sets: "command.printConfig",
    kind: onOrOff,
    default: "false",
    help: "print what would be in force as JSON, and end",
  },
  { name: "help", short: "h", sets: "command.help", kind: onOrOff, help: "print this help", hasNoTwin: true },
];

/** The flags of `serve`, in the order of its help. */
export const serveFlags: readonly FlagGroup[] = [
  { title: "Address", flags: address },
  { title: "Messages", flags: messages },
  { title: "Clients", flags: clients },
  { title: "Encryption", flags: encryption },
  { title: "Authentication", flags: authentication },
  { title: "Proxies", flags: proxies },
  { title: "Time", flags: times },
  { title: "Operation", flags: operations },
  { title: "Running", flags: rest },
];

/** The environment twin of a flag: `POSTERN_MAX_SIZE`. */
export function twinOf(flag: Pick<Flag, "name">): string {
  return `POSTERN_${flag.name.replaceAll("-", "_").toUpperCase()}`;
}
