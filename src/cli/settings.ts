/** What is in force: the command line before the environment, the environment before the defaults. */

import { machineName } from "../engine.ts";
import { visible } from "../visible.ts";
import { type ServeOptions, validate } from "../options.ts";
import { isPem } from "../tls/pem.ts";
import type { Arguments, FlagShape } from "./args.ts";
import { UsageError } from "./failure.ts";
import { type CommandSettings, type Flag, type FlagGroup, twinOf } from "./flags.ts";
import type { ForwardCommandSettings } from "./forwardflags.ts";

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything that was set, and nothing that was not. */
export interface Settings {
  readonly options: ServeOptions;
  readonly command: CommandSettings;
  /** Of `postern forward`. */
  readonly forward?: Partial<ForwardCommandSettings>;
}

/** Who said so. */
type Source = "flag" | "environment";

/** The flags as the parser of the command line must know them. */
export function shapesOf(groups: readonly FlagGroup[]): FlagShape[] {
  return groups.flatMap((group) => group.flags).map(({ name, short, kind }) => ({
    name,
    short,
    isSwitch: kind.placeholder === "",
  }));
}

/**
 * Puts flags, environment and defaults together.
 *
 * @throws {UsageError} for the first value that cannot be.
 */
export function readSettings(given: Arguments, environment: Environment, groups: readonly FlagGroup[]): Settings {
  const all = groups.flatMap((group) => group.flags);
  const values = new Map<string, unknown>();
  const sources = new Map<string, Source>();
  for (const flag of all) {
    const written = find(flag, given, environment);
    if (written === undefined) continue;
    values.set(flag.sets, read(flag, written.name, String(written.value)));
    sources.set(flag.sets, written.source);
  }
  settleAddress(values, sources);
  for (const flag of all) {
    if (flag.sets.startsWith("command.") && !values.has(flag.sets) && flag.default !== undefined) {
      values.set(flag.sets, flag.kind.read(flag.default));
    }
  }
  const { command, forward, ...options } = nest(values) as unknown as Omit<Settings, "options"> & ServeOptions;
  const { tls, http } = options;
  if (tls !== undefined && (tls.cert === undefined || tls.key === undefined)) {
    throw new UsageError("--tls-cert and --tls-key go together: a certificate is of no use without its key");
  }
  if (http !== undefined && http.port === undefined) {
    throw new UsageError("--http-hostname says where HTTP is served, but nothing has it served: add --http-port");
  }
  try {
    validate(options);
  } catch (error) {
    throw new UsageError(visible((error as Error).message));
  }
  return { options, command, ...(forward === undefined ? {} : { forward }) };
}

/** What would be in force, with every default, for people to read: secrets are not shown. */
export function effectiveConfig(settings: Settings, entry: string | undefined, groups: readonly FlagGroup[]): object {
  const values = new Map<string, unknown>([["entry", entry ?? null]]);
  const { options, command, forward } = settings;
  const given = { ...options, command, forward };
  for (const flag of groups.flatMap((group) => group.flags)) {
    if (flag.hasNoTwin || flag.sets === "command.printConfig") continue;
    const set = flag.sets.split(".").reduce<unknown>((at, key) => Reflect.get(Object(at), key), given);
    const value = set ?? (flag.default === undefined ? null : flag.kind.read(flag.default));
    const isHidden = (flag.isSecret && value !== null) || (typeof value === "string" && isPem(value));
    const { show } = flag.kind;
    values.set(flag.sets, isHidden ? "(hidden)" : show && typeof value === "string" ? show(value) : value);
  }
  if (options.name === undefined) values.set("name", machineName());
  if (options.listeners !== undefined) values.set("port", null);
  if (options.unix !== undefined) { for (const key of ["port", "hostname"]) values.set(key, null); }
  else if (options.hostname === undefined) values.set("hostname", entry === undefined ? "127.0.0.1" : "0.0.0.0");
  return nest(values);
}

interface Written {
  /** As it was written: `--port`, or the name of a variable. */
  readonly name: string;
  readonly value: string | boolean;
  readonly source: Source;
}

/** An empty variable counts as not set: that is how one is unset in many a configuration file. */
function find(flag: Flag, given: Arguments, environment: Environment): Written | undefined {
  const value = given.flags.get(flag.name);
  if (value !== undefined) return { name: `--${flag.name}`, value, source: "flag" };
  if (flag.hasNoTwin) return undefined;
  for (const name of [twinOf(flag), flag.environment]) {
    const value = name === undefined ? undefined : environment[name];
    if (name !== undefined && value && !isServiceLink(name, value)) return { name, value, source: "environment" };
  }
  return undefined;
}

/** Whether nobody set it: Kubernetes does where a Service is called `postern`, and Docker where a container is linked. */
function isServiceLink(name: string, value: string): boolean {
  return name.endsWith("_PORT") && /^(?:tcp|udp|sctp):\/\//.test(value);
}

function read(flag: Flag, name: string, value: string): unknown {
  const read = flag.kind.read(value);
  if (read !== undefined) return read;
  const { show = visible } = flag.kind;
  const shown = flag.isSecret ? "the value" : `"${show(value)}"`;
  throw new UsageError(`${name}: ${shown} is not ${flag.kind.expected}`);
}

/** Ways to say where to listen, which exclude each other: the first that was asked for on the command line counts. */
const addresses: readonly (readonly string[])[] = [["unix"], ["listeners"], ["port", "hostname"]];

/** Takes back what the environment says against it; what stands on the command line is left, even if it cannot be. */
function settleAddress(values: Map<string, unknown>, sources: ReadonlyMap<string, Source>): void {
  const given = addresses.filter((keys) => keys.some((key) => values.has(key)));
  const asked = given.find((keys) => keys.some((key) => sources.get(key) === "flag")) ?? given[0];
  for (const key of given.flat()) {
    // One address for all ports of a list.
    const fits = asked?.includes(key) || (asked?.includes("listeners") && key === "hostname");
    if (!fits && sources.get(key) !== "flag") values.delete(key);
  }
}

/** `limits.recipients` goes under `limits`. */
function nest(values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const nested: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const [first = "", second] = path.split(".");
    if (second === undefined) nested[first] = value;
    else nested[first] = { ...nested[first] as object, [second]: value };
  }
  return nested;
}
