/** `postern forward`: a forwarder without code. */

import { readFileSync } from "node:fs";
import { Postern } from "../app/postern.ts";
import { forward } from "../forward/forward.ts";
import type { ForwardOptions } from "../forward/options.ts";
import { describeError, visible, visibleUrl } from "../visible.ts";
import { availableParser, parseArguments } from "./args.ts";
import { CommandError, UsageError } from "./failure.ts";
import { type ForwardCommandSettings, forwardFlags } from "./forwardflags.ts";
import { forwardHelp } from "./help.ts";
import { configureLog } from "./log.ts";
import { type CommandSurroundings, run } from "./serve.ts";
import { effectiveConfig, readSettings, type Settings, shapesOf } from "./settings.ts";

/**
 * Forwards until a signal comes, and resolves once sessions are finished.
 *
 * @param words what follows `forward` on the command line.
 * @throws {UsageError | CommandError}
 */
export async function forwardCommand(words: readonly string[], surroundings: CommandSurroundings): Promise<void> {
  const { environment, output, onSettings } = surroundings;
  const { flags, operands } = parseArguments(words, shapesOf(forwardFlags), await availableParser());
  if (flags.get("help") === true) return output.write(forwardHelp(forwardFlags));
  const settings = readSettings({ flags, operands }, environment, forwardFlags);
  onSettings(settings);
  if (operands.length > 0) {
    throw new UsageError(`forward takes no ENTRY, but was given ${operands.map(visibleUrl).join(" ")}`);
  }
  const { command } = settings;
  const { to, domains } = required(settings.forward);
  // A password in the URL, or a token, is for the function, not for eyes.
  const shown = visibleUrl(to);
  if (command.printConfig) {
    const { entry: _, ...config } = effectiveConfig(settings, shown, forwardFlags) as Record<string, unknown>;
    return output.write(`${JSON.stringify(config, null, command.logFormat === "json" ? 0 : 2)}\n`);
  }
  const app = forwarder(to, domains, optionsOf(settings), settings.forward?.askRecipients === true);
  configureLog(command, output);
  await run(app, shown, settings, surroundings);
}

function required(given: Settings["forward"] = {}): Pick<ForwardCommandSettings, "to" | "domains"> {
  const { to, domains, format = "raw", secretFile, secret } = given;
  if (to === undefined) throw new UsageError("--to is missing: the URL of the function");
  if (domains === undefined) throw new UsageError("--domain is missing: whose mail is to be taken");
  if (secretFile !== undefined && secret !== undefined) {
    throw new UsageError("--secret-file and --secret exclude each other: give one, or both secrets in the file");
  }
  if (secretFile === undefined && secret === undefined && (format === "raw" || format.startsWith("json"))) {
    throw new UsageError(`--secret-file is missing: requests in the format ${format} are signed`);
  }
  return { to, domains };
}

function optionsOf({ options, forward = {} }: Settings): ForwardOptions {
  const { secretFile, secret, format, allowPrivate, concurrency } = forward;
  const timeout = options.timeouts?.handler;
  return {
    ...(secretFile === undefined ? {} : { secret: secretsIn(secretFile) }),
    ...(secret === undefined ? {} : { secret }),
    ...(format === undefined ? {} : { format }),
    ...(allowPrivate === undefined ? {} : { allowPrivate }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(timeout === undefined ? {} : { timeout }),
  };
}

/** One secret a line; the first signs first. */
function secretsIn(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").map((line) => line.trim()).filter((line) => line !== "");
  } catch (cause) {
    throw new CommandError(`cannot read the secret file ${visible(file)}: ${describeError(cause)}`, { cause });
  }
}

function forwarder(to: string, domains: readonly string[], options: ForwardOptions, asksRecipients: boolean): Postern {
  const app = new Postern();
  let ask: ReturnType<typeof forward>;
  try {
    ask = forward(to, options);
  } catch (error) {
    const line = visible((error as Error).message).replace("set allowPrivate", "add --allow-private");
    throw new UsageError(line);
  }
  for (const domain of domains) {
    if (asksRecipients) app.rcpt(`*@${domain}`, ask);
    app.deliver(`*@${domain}`, ask);
  }
  return app;
}
