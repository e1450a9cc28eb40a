/** `postern serve`. */

import { getLogger } from "@logtape/logtape";
import type { MailHandler } from "../app/handler.ts";
import { errorFields } from "../log.ts";
import { visible } from "../visible.ts";
import type { ServeOptions } from "../options.ts";
import { bracketed } from "../protocol/address.ts";
import type { Server } from "../server.ts";
import { isPem } from "../tls/pem.ts";
import { filesOf, watchTls } from "../tls/watch.ts";
import { WorkerError } from "../workers/parent.ts";
import { isWorker } from "../workers/processes.ts";
import { endWithParent } from "../workers/worker.ts";
import { availableParser, parseArguments } from "./args.ts";
import { loadEntry } from "./entry.ts";
import { CommandError, UsageError } from "./failure.ts";
import { serveFlags } from "./flags.ts";
import { serveHelp } from "./help.ts";
import { type Arrival, arrivalFields, describeArrival, inbox, isLoopback } from "./inbox.ts";
import { listenFailure } from "./listenfailure.ts";
import { announcement, configureLog } from "./log.ts";
import type { Output } from "./output.ts";
import type { Signals } from "./signals.ts";
import { effectiveConfig, type Environment, readSettings, type Settings, shapesOf } from "./settings.ts";
import { version } from "../version.ts";

/** `serve` of an adapter. */
export type Serve = (handler: MailHandler, options: ServeOptions) => Promise<Server>;

/** What the command works with. */
export interface CommandSurroundings {
  readonly serve: Serve;
  readonly environment: Environment;
  readonly output: Output;
  readonly signals: Signals;
  /** `Node 20.20.2`. */
  readonly runtime: string;
  /** Told what was set, once it is known: a failure is reported accordingly. */
  readonly onSettings: (settings: Settings) => void;
}

/**
 * Serves until a signal comes, and resolves once sessions are finished.
 *
 * @param words what follows `serve` on the command line.
 * @throws {UsageError | CommandError}
 */
export async function serveCommand(words: readonly string[], surroundings: CommandSurroundings): Promise<void> {
  const { environment, output, onSettings, signals } = surroundings;
  const { flags, operands } = parseArguments(words, shapesOf(serveFlags), await availableParser());
  if (flags.get("help") === true) return output.write(serveHelp(serveFlags));
  const settings = readSettings({ flags, operands }, environment, serveFlags);
  onSettings(settings);
  const [entry, ...others] = operands;
  if (others.length > 0) {
    throw new UsageError(`one ENTRY can be served, not ${operands.length}: ${operands.map(visible).join(" ")}`);
  }
  const options = entry === undefined ? inboxOptions(settings) : settings.options;
  const { command } = settings;
  if (command.printConfig) {
    const config = effectiveConfig({ options, command }, entry, serveFlags);
    return output.write(`${JSON.stringify(config, null, command.logFormat === "json" ? 0 : 2)}\n`);
  }
  if (entry === undefined && isShared(options)) {
    throw new UsageError("without ENTRY there is only the development inbox, which has no use for --workers");
  }
  // The parent of workers takes no mail: what the app does when it is loaded is done in each of them. The app's own
  // pages are the parent's.
  const isServing = !isShared(options) || isWorker() || options.http !== undefined;
  if (isWorker()) endWithParent();
  else signals.holdHangup();
  const loading = entry === undefined ? inbox(shower(settings, output)) : isServing ? loadEntry(entry) : notHere;
  const loaded = await unlessStopped(Promise.resolve(loading).then((handler) => ({ handler })), surroundings);
  if (typeof loaded === "string") return sayStopped(loaded, command, output);
  configureLog(command, output);
  await run(loaded.handler, entry, { options, command }, surroundings);
}

/** What comes of it, or the signal that was faster: the process is to end even if an app takes its time to load. */
function unlessStopped<T>(work: Promise<T>, { signals }: CommandSurroundings): Promise<T | string> {
  return Promise.race([work, signals.first()]);
}

/** Nothing was served yet, so there is nothing to finish. Workers end when their parent is gone. */
function sayStopped(signal: string, { logFormat }: Settings["command"], output: Output): void {
  if (isWorker()) return;
  const text = `${signal}: stopped before anything was served`;
  output.write(logFormat === "json" ? announcement(text, { signal }) : `${text}\n`);
}

/** Says something of the command's own, for people or as JSON. */
type Say = (text: string, fields: Record<string, unknown>) => void;

/** Whether several processes are to serve. */
function isShared({ workers = 1 }: ServeOptions): boolean {
  return workers > 1;
}

const notHere: MailHandler = () => new Response(null, { status: 503 });

/** Serves a handler until a signal comes; `entry` is what the user called it, undefined for the inbox. */
export async function run(
  handler: MailHandler,
  entry: string | undefined,
  { options, command }: Settings,
  surroundings: CommandSurroundings,
): Promise<void> {
  const { serve, output, signals, runtime } = surroundings;
  watchForStrays(surroundings);
  // A worker's parent speaks for all of them.
  const say: Say = isWorker()
    ? () => {}
    : (text, fields) => output.write(command.logFormat === "json" ? announcement(text, fields) : `${text}\n`);
  let server: Server | string;
  try {
    server = await unlessStopped(serve(handler, options), surroundings);
  } catch (error) {
    if (error instanceof WorkerError) throw new CommandError(error.message, { cause: error });
    throw listenFailure(error, options);
  }
  if (typeof server === "string") return sayStopped(server, command, output);
  if (entry === undefined) say(output.style("bold", inboxNotice(options)), {});
  const bound = server.listeners.map(({ port, hostname }) => `${bracketed(hostname)}:${port}`);
  const place = options.unix ?? bound.join(", ");
  const processes = isShared(options) ? `, ${options.workers} workers` : "";
  const what = entry === undefined ? "the inbox" : visible(entry);
  say(`listening on ${visible(place)} for ${what} (Postern ${version} on ${runtime}${processes})`, {
    ...(options.unix === undefined ? { hostname: server.hostname, port: server.port } : { unix: options.unix }),
    ...(options.listeners === undefined ? {} : { listeners: bound }),
    entry: entry ?? null,
    ...(isShared(options) ? { workers: options.workers } : {}),
    version,
    runtime,
  });
  if (server.http !== undefined) {
    const { hostname, port } = server.http;
    say(`HTTP on http://${visible(bracketed(hostname))}:${port}/ (healthz, readyz, metrics)`, { http: server.http });
  }
  using _renewal = isWorker() ? undefined : renewTls(server, options, surroundings, say);
  const signal = await Promise.race([signals.first(), server.closed]);
  // A worker is stopped by its parent as well.
  if (signal === undefined) return;
  const grace = command.grace / 1000;
  const sessions = server.connections;
  say(
    `${signal}: stopping; open sessions: ${sessions}, with ${grace} s to finish (a second signal ends them at once)`,
    { signal, sessions, grace },
  );
  await server.close({ grace: command.grace });
  say("stopped", {});
}

/** Reads certificates again when their files change, and on SIGHUP. What cannot be used leaves the old ones in place. */
function renewTls(
  server: Server,
  { tls }: ServeOptions,
  { signals }: CommandSurroundings,
  say: Say,
): Disposable | undefined {
  if (tls === undefined) {
    signals.onHangup(() => say("SIGHUP: there is nothing to read again, the server has no TLS", { tls: "none" }));
    return undefined;
  }
  if (filesOf(tls).length === 0) {
    signals.onHangup(() => say("SIGHUP: there is no file to read again, the certificate is text", { tls: "kept" }));
    return undefined;
  }
  const place = visible(isPem(tls.cert) ? "its text" : tls.cert);
  const reload = (why: string) =>
    server.reload({ tls }).then(
      () => say(`${why}: new connections get the certificate in ${place} as it is now`, { tls: "reloaded" }),
      (error) => {
        const message = visible(String((error as Error).message ?? error));
        say(`${why}: the certificate stays as it was: ${message}`, { tls: "kept", error: message });
      },
    );
  signals.onHangup(() => void reload("SIGHUP"));
  return watchTls(tls, () => void reload("the certificate's files changed"));
}

/** The inbox is for this machine, unless somebody means it otherwise. */
function inboxOptions({ options, command }: Settings): ServeOptions {
  if (options.unix !== undefined) return options;
  const { hostname = "127.0.0.1" } = options;
  const reachable = reachableHost({ ...options, hostname });
  if (reachable !== undefined && !command.publicInbox) {
    throw new UsageError(
      `without ENTRY there is only the development inbox, which takes anybody's mail; it does not listen on ` +
        `${visible(reachable)}, where others reach it: name an ENTRY, or add --public-inbox if that is meant`,
    );
  }
  return { ...options, hostname };
}

/** The first address that is not this machine's alone. */
function reachableHost({ hostname = "", listeners = [] }: ServeOptions): string | undefined {
  return [hostname, ...listeners.map((each) => each.hostname ?? hostname)].find((each) => !isLoopback(each));
}

function inboxNotice(options: ServeOptions): string {
  const reach = options.unix !== undefined || reachableHost(options) === undefined
    ? ""
    : " OTHER MACHINES CAN REACH IT, and so can their spam.";
  return `FOR DEVELOPMENT ONLY: no ENTRY was named, so mail for anybody is taken, shown here, and NOT KEPT.${reach}`;
}

function shower({ command }: Settings, output: Output): (arrival: Arrival) => void {
  if (command.logFormat === "json") {
    return (arrival) => output.write(announcement("a message came", arrivalFields(arrival)));
  }
  const bold = (text: string) => output.style("bold", text);
  const dim = (text: string) => output.style("dim", text);
  return (arrival) => output.write(describeArrival(arrival, bold, dim));
}

/** What an app leaves to nobody: a promise that fails unseen is logged, an error in the middle of nowhere ends it all. */
function watchForStrays({ signals }: CommandSurroundings): void {
  const strays = getLogger(["postern", "app"]);
  signals.onUnhandledRejection((reason) => {
    strays.error("a promise failed and nobody looked: {error}", errorFields(strays, reason));
  });
  signals.onUncaughtException((error) => {
    strays.fatal("an error reached nobody: {error}", errorFields(strays, error));
  });
}
