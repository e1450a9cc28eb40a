/**
 * The command line, taken apart: by `parseArgs` of `@std/cli` where that is installed, by the one of `node:util` where
 * it is not. Both see to it that the same words mean the same; what they see differently is settled here.
 */

import { createRequire } from "node:module";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { parseArgs as nodeParseArgs } from "node:util";
import { visible } from "../visible.ts";
import { cachedByDeno } from "./denocache.ts";
import { UsageError } from "./failure.ts";

/** What must be known of a flag to find it among the words. */
export interface FlagShape {
  /** Without hyphens. */
  readonly name: string;
  readonly short?: string | undefined;
  /** Whether it stands alone: `--name` for true, `--no-name` for false. All others have a value. */
  readonly isSwitch: boolean;
}

/** What was found. */
export interface Arguments {
  /** By name. Values are text as it was written; the last of several counts. */
  readonly flags: ReadonlyMap<string, string | boolean>;
  /** Everything else, in its order: numbers, too, are text. */
  readonly operands: readonly string[];
}

/** Takes words apart. It gets none that {@linkcode checkWords} refuses. */
export interface ArgumentParser {
  /** Where it comes from. */
  readonly name: "@std/cli" | "node:util";
  readonly parse: (words: readonly string[], flags: readonly FlagShape[]) => Arguments;
}

/** As much of `@std/cli`'s `parseArgs` as is used. */
export type StdParseArgs = (
  args: string[],
  options: {
    readonly string: string[];
    readonly boolean: string[];
    readonly negatable: string[];
    readonly alias: Record<string, string>;
    readonly "--": true;
  },
) => Record<string, unknown> & { readonly _: readonly unknown[]; readonly "--"?: readonly string[] };

/**
 * Finds flags and operands.
 *
 * @throws {UsageError} for an unknown flag, a flag without its value, or a switch with one.
 */
export function parseArguments(
  words: readonly string[],
  flags: readonly FlagShape[],
  parser: ArgumentParser,
): Arguments {
  checkWords(words, flags);
  return parser.parse(words, flags);
}

/** Refuses what the two parsers would read differently, or take for something that nobody means. */
function checkWords(words: readonly string[], flags: readonly FlagShape[]): void {
  for (let at = 0; at < words.length && words[at] !== "--"; at++) {
    const word = words[at]!;
    if (!/^-./s.test(word)) continue;
    if (/^-[^-]./s.test(word)) {
      throw new UsageError(`${visible(word)}: one-letter flags stand alone, and their value is the next word`);
    }
    const [, name, value] = /^--?(.+?)(?:=(.*))?$/s.exec(word) ?? [];
    const flag = flags.find((flag) => word.startsWith("--") ? flag.name === name : flag.short === name);
    if (flag === undefined) {
      const isNegation = flags.some((flag) => flag.isSwitch && word === `--no-${flag.name}`);
      if (isNegation) continue;
      throw new UsageError(`${visible(word.replace(/=.*/s, ""))} is no flag${suggestion(word, flags)}`);
    }
    if (flag.isSwitch) {
      if (value !== undefined) throw new UsageError(`--${flag.name} takes no value, but was given "${visible(value)}"`);
    } else if (value === undefined) {
      checkValue(flag.name, words[++at]);
    } else if (value === "") throw new UsageError(`--${flag.name} needs a value`);
  }
}

/** What begins with a hyphen is more likely the next flag than a value. */
function checkValue(name: string, value: string | undefined): void {
  if (!value) throw new UsageError(`--${name} needs a value`);
  if (!value.startsWith("-")) return;
  const shown = visible(value);
  throw new UsageError(`--${name} needs a value; if "${shown}" is meant to be one, write --${name}=${shown}`);
}

/** `: did you mean --port?`, when one flag is meant. */
function suggestion(word: string, flags: readonly FlagShape[]): string {
  const closest = nearest(word.replace(/^-+|=.*$/gs, ""), flags.map((flag) => flag.name));
  return closest === undefined ? "" : `: did you mean --${closest}?`;
}

/** The one of several words that begins like what was written, or is but a letter or two away. */
export function nearest(written: string, words: readonly string[]): string | undefined {
  const begun = words.find((word) => written.length > 2 && word.startsWith(written));
  if (begun !== undefined) return begun;
  const near = words.map((word) => ({ word, far: distance(written, word) })).sort((a, b) => a.far - b.far)[0];
  return near !== undefined && near.far <= 2 ? near.word : undefined;
}

/** How many letters must be put in, left out or changed to make one of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** `node:util`'s, which leaves values as they are and tells of every word. */
export const nodeParser: ArgumentParser = {
  name: "node:util",
  parse(words, flags) {
    const options: Record<string, { type: "string" | "boolean"; short?: string }> = {};
    for (const { name, short, isSwitch } of flags) {
      options[name] = { type: isSwitch ? "boolean" : "string", ...(short === undefined ? {} : { short }) };
      if (isSwitch) options[`no-${name}`] = { type: "boolean" };
    }
    const { tokens } = nodeParseArgs({ args: [...words], options, allowPositionals: true, tokens: true });
    const found = new Map<string, string | boolean>();
    const operands: string[] = [];
    for (const token of tokens) {
      if (token.kind === "positional") operands.push(token.value);
      if (token.kind !== "option") continue;
      if (options[token.name]?.type === "string") found.set(token.name, token.value ?? "");
      else if (flags.some((flag) => flag.name === token.name)) found.set(token.name, true);
      else found.set(token.name.slice("no-".length), false);
    }
    return { flags: found, operands };
  },
};

/** `@std/cli`'s, kept from making numbers and nested objects of words. */
export function stdParser(parseArgs: StdParseArgs): ArgumentParser {
  return {
    name: "@std/cli",
    parse(words, flags) {
      const switches = flags.filter((flag) => flag.isSwitch).map((flag) => flag.name);
      const withShort = flags.filter((flag) => flag.short !== undefined);
      const end = words.includes("--") ? words.indexOf("--") : words.length;
      // A switch takes a following "true" or "false" for its value, unless it has one already.
      const spelled = words.map((word, at) => {
        const named = flags.find((flag) => flag.isSwitch && (word === `--${flag.name}` || word === `-${flag.short}`));
        return named === undefined || at > end ? word : `--${named.name}=true`;
      });
      const parsed = parseArgs(spelled, {
        string: ["_", ...flags.filter((flag) => !flag.isSwitch).map((flag) => flag.name)],
        boolean: switches,
        negatable: switches,
        alias: Object.fromEntries(withShort.map((flag) => [flag.name, flag.short!])),
        "--": true,
      });
      const found = new Map<string, string | boolean>();
      for (const { name, isSwitch } of flags) {
        const value = parsed[name];
        // Switches that were not named are false all the same: then they are as if never mentioned.
        const isNamed = isSwitch ? value === true || words.slice(0, end).includes(`--no-${name}`) : value !== undefined;
        if (isNamed) found.set(name, isSwitch ? value === true : String(value));
      }
      return { flags: found, operands: [...parsed._.map(String), ...parsed["--"] ?? []] };
    },
  };
}

/** `@std/cli`'s parser where it is at hand without asking a network, else `node:util`'s. Never fails. */
export async function availableParser(): Promise<ArgumentParser> {
  const specifier = "@std/cli/parse-args";
  try {
    const place = installed(specifier) ??
      (process.versions["deno"] === undefined ? undefined : cachedByDeno(specifier));
    if (place === undefined) return nodeParser;
    // Not a literal: Deno would fetch it before this program begins.
    const module = await import(place) as { readonly parseArgs?: unknown };
    return typeof module.parseArgs === "function" ? stdParser(module.parseArgs as StdParseArgs) : nodeParser;
  } catch {
    return nodeParser;
  }
}

/** Where it lies in a `node_modules` folder, as after `npx jsr add @std/cli`. */
function installed(specifier: string): string | undefined {
  try {
    return pathToFileURL(createRequire(import.meta.url).resolve(specifier)).href;
  } catch {
    return undefined;
  }
}
