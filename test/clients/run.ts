/**
 * Programs under a time limit. Each runs in a process group of its own, so that ending it ends its children too.
 * None outlives the test process (see watchdog.ts).
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";
import type { Readable } from "node:stream";
import type { Outcome } from "./client.ts";
import { Printed } from "./printed.ts";
import { forget, watch } from "./watchdog.ts";

export interface RunOptions {
  /** Written to standard input, which is then closed. */
  readonly input?: string | Uint8Array;
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Default: 15 000. */
  readonly timeoutMs?: number;
  /** Whether children that outlive the program go on, as a daemon does. By default they are killed. */
  readonly leaveChildren?: boolean;
}

/** A program that runs until it is told to stop. */
export interface Running {
  readonly pid: number;
  /** Standard output and standard error together. Their order is that of arrival. */
  readonly output: Printed;
  readonly stdout: Printed;
  /** Writes to its standard input. */
  readonly write: (data: string | Uint8Array) => void;
  /** Closes its standard input. */
  readonly end: () => void;
  /** Settles when it has ended. */
  readonly ended: Promise<Outcome>;
  /** SIGTERM, then SIGKILL after `graceMs` (default 2000), both to the whole group. */
  readonly stop: (graceMs?: number) => Promise<Outcome>;
}

/** Sends a signal to a process group; a group that is gone already is no error. */
export function killGroup(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  // A program that did not start has no id, and 0 would mean the caller's own group.
  if (pid <= 0) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}

/** Runs a program to its end and collects what it printed. A program that cannot be started rejects. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const program = start(command, args, options);
  if (options.input !== undefined) program.write(options.input);
  program.end();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    killGroup(program.pid, "SIGKILL");
  }, options.timeoutMs ?? 15_000);
  const outcome = await program.ended.finally(() => clearTimeout(timer));
  return { ...outcome, timedOut };
}

/** Starts a program and leaves it running. */
export function start(command: string, args: readonly string[], options: RunOptions = {}): Running {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: environment(options.env),
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const pid = child.pid ?? 0;
  if (pid !== 0) watch(pid);
  const output = new Printed(command);
  const stdout = new Printed(command);
  collect(child.stdout, [output, stdout]);
  collect(child.stderr, [output]);
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.once("error", (error) => reject(new Error(`could not start ${command}: ${error.message}`)));
    child.once("close", (code) => {
      if (!options.leaveChildren) killGroup(pid, "SIGKILL");
      forget(pid);
      resolve({ code, output: output.text, timedOut: false });
    });
  }).finally(() => {
    output.end();
    stdout.end();
  });
  ended.catch(() => {});
  // A program that closes its input early is judged by its exit status.
  child.stdin.on("error", () => {});
  return {
    pid,
    output,
    stdout,
    write: (data) => void child.stdin.write(data),
    end: () => void child.stdin.end(),
    ended,
    stop: async (graceMs = 2000) => {
      killGroup(pid, "SIGTERM");
      const timer = setTimeout(() => killGroup(pid, "SIGKILL"), graceMs);
      return await ended.finally(() => clearTimeout(timer));
    },
  };
}

function environment(changes: RunOptions["env"]): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...process.env, ...changes })) {
    if (value !== undefined) result[name] = value;
  }
  return result;
}

function collect(stream: Readable, into: readonly Printed[]): void {
  const decoder = new TextDecoder();
  stream.on("data", (chunk: Uint8Array) => {
    const text = decoder.decode(chunk, { stream: true });
    for (const printed of into) printed.add(text);
  });
}
