/**
 * Postfix's smtp-source (a load of messages) and smtp-sink (a server that takes them, for comparison).
 *
 * @module
 */

import { inet, type Outcome, type Target } from "./client.ts";
import { find, installed } from "./found.ts";
import { run, type Running, start } from "./run.ts";
import { freePort, listening } from "./scratch.ts";

export interface LoadOptions {
  /** Connections at the same time (-s). Default: 1. */
  readonly sessions?: number;
  /** Messages in all (-m). Default: 1. */
  readonly messages?: number;
  /** Bytes of each message's body (-l). Default: smtp-source's own short text. */
  readonly bytes?: number;
  /** Keeps the connections for the next message (-d). Default: a connection for each. */
  readonly keepConnections?: boolean;
  /** Recipients of each message (-r); their addresses get a number in front. */
  readonly recipients?: number;
  readonly from?: string;
  readonly to?: string;
  /** LHLO and a reply for each recipient (-L). */
  readonly lmtp?: boolean;
  readonly args?: readonly string[];
  /** Default: 60 000. */
  readonly timeoutMs?: number;
}

/** A load's end: how long it took, and what that makes a second. */
export interface Load extends Outcome {
  readonly seconds: number;
  readonly messagesPerSecond: number;
}

/** Whether Postfix's test programs are there. */
export function available(): Promise<boolean> {
  return installed("smtp-source");
}

/** Sends a load. A reply that is not a success ends smtp-source with status 1 and a line that quotes it. */
export async function load(target: Target, options: LoadOptions = {}): Promise<Load> {
  const messages = options.messages ?? 1;
  const args = ["-s", String(options.sessions ?? 1), "-m", String(messages)];
  if (options.bytes !== undefined) args.push("-l", String(options.bytes));
  if (options.keepConnections) args.push("-d");
  if (options.recipients !== undefined) args.push("-r", String(options.recipients));
  if (options.lmtp) args.push("-L");
  args.push("-M", "client.test", "-f", options.from ?? "load@client.test", "-t", options.to ?? "load@server.test");
  args.push(...(options.args ?? []), "unix" in target ? `unix:${target.unix}` : address(target));
  const began = performance.now();
  const outcome = await run(await find("smtp-source") ?? "smtp-source", args, {
    timeoutMs: options.timeoutMs ?? 60_000,
  });
  const seconds = (performance.now() - began) / 1000;
  return { ...outcome, seconds, messagesPerSecond: messages / seconds };
}

export interface SinkOptions {
  readonly lmtp?: boolean;
  /** For example `["-r", "."]`: a 450 to the end of data. */
  readonly args?: readonly string[];
}

/** A running smtp-sink; `await using` stops it. */
export interface Sink extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
}

/** Starts smtp-sink on a free port of 127.0.0.1. */
export async function startSink(options: SinkOptions = {}): Promise<Sink> {
  const port = await freePort();
  const args = ["-u", "postfix", "-c", ...(options.lmtp ? ["-L"] : []), ...(options.args ?? [])];
  const sink: Running = start(await find("smtp-sink") ?? "smtp-sink", [...args, `127.0.0.1:${port}`, "100"]);
  await listening(port);
  return { host: "127.0.0.1", port, [Symbol.asyncDispose]: async () => void await sink.stop() };
}

function address(target: Target): string {
  const { host, port } = inet(target, "smtp-source");
  return host.includes(":") ? `inet:[${host}]:${port}` : `inet:${host}:${port}`;
}
