/** The command line: which command, and how it ends. */

import { statSync } from "node:fs";
import process from "node:process";
import { describeError, stackOf, visible } from "../visible.ts";
import { nearest } from "./args.ts";
import { CommandError, statusOf, UsageError } from "./failure.ts";
import { overview } from "./help.ts";
import { complain, standardOutput } from "./output.ts";
import { runtimeName } from "./runtime.ts";
import { type Serve, serveCommand } from "./serve.ts";
import type { Settings } from "./settings.ts";
import { processSignals } from "./signals.ts";
import { isWorker } from "../workers/processes.ts";
import { tellFailure } from "../workers/worker.ts";
import { version } from "../version.ts";

/**
 * Runs the command of `process.argv`, then ends the process: 0 when it did what it was asked, 2 when it was asked
 * wrongly, else 1.
 *
 * @param serve that of the runtime's adapter.
 */
export async function main(serve: Serve): Promise<never> {
  const output = standardOutput();
  let settings: Settings | undefined;
  let status = 0;
  try {
    await run(process.argv.slice(2), {
      serve,
      output,
      environment: process.env,
      signals: processSignals(),
      runtime: runtimeName(),
      onSettings: (read) => settings = read,
    });
    status = Number(process.exitCode ?? 0);
  } catch (failure) {
    status = statusOf(failure);
    await output.flush();
    await report(failure, settings?.command.logLevel === "debug");
  }
  await output.flush();
  // Whatever a handler still waits for has had its time.
  process.exit(status);
}

async function run(words: readonly string[], surroundings: Parameters<typeof serveCommand>[1]): Promise<void> {
  const [command, ...others] = words;
  const { output } = surroundings;
  switch (command) {
    case "serve":
      return await serveCommand(others, surroundings);
    case "forward":
      // Only who forwards waits for it to load.
      return await (await import("./forward.ts")).forwardCommand(others, surroundings);
    case "help":
      // `postern help serve` asks what `postern serve --help` does.
      return others[0] === undefined ? output.write(overview) : await run([others[0], "--help"], surroundings);
    case "-h":
    case "--help":
      return output.write(overview);
    case "-v":
    case "-V":
    case "--version":
      return output.write(`postern ${version} (${surroundings.runtime})\n`);
    case undefined:
      throw new UsageError('a command is missing: "postern serve" shows mail, "postern serve app.ts" serves an app');
    default:
      throw new UsageError(
        command.startsWith("-")
          ? `${visible(command)} is no flag before a command: write "postern serve ${visible(command)}"`
          : `"${visible(command)}" is no command: ${advice(command)}`,
      );
  }
}

/** The command that was mistyped, or what was to be served: a path, or a file that is there. */
function advice(command: string): string {
  const mistyped = nearest(command, ["serve", "forward", "help"]);
  if (mistyped !== undefined) return `did you mean "postern ${mistyped}"?`;
  const isServable = /[/\\]|\.[cm]?[jt]sx?$/.test(command) ||
    statSync(command, { throwIfNoEntry: false })?.isFile() === true;
  if (isServable) return `did you mean "postern serve ${visible(command)}"?`;
  return "there are serve, forward and help";
}

/** One line on stderr; more only for those who asked for it. */
function report(failure: unknown, isDebugging: boolean): Promise<void> {
  const isExpected = failure instanceof UsageError || failure instanceof CommandError;
  const help = failure instanceof UsageError
    ? ` (postern ${["serve", "forward"].includes(process.argv[2] ?? "") ? `${process.argv[2]} ` : ""}--help tells more)`
    : "";
  const line = isExpected ? (failure as Error).message : describeError(failure);
  const stack = isDebugging ? `${stackOf(failure)}\n` : "";
  // A worker's parent reports for all of them.
  if (isWorker()) return tellFailure(line, statusOf(failure));
  return complain(`postern: ${line}${help}\n${stack}`);
}
