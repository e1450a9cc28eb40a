/** Loading an app: from a file, in TypeScript too, or from a package. */

import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve, sep } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { appOf, type MailHandler } from "../app/handler.ts";
import { describeError, visible } from "../visible.ts";
import { CommandError } from "./failure.ts";

/**
 * The default export of ENTRY.
 *
 * @param entry a path, a file URL, or a bare specifier that is resolved from the working directory.
 * @throws {CommandError} when there is none, it does not load, or it exports nothing that could be served.
 */
export async function loadEntry(entry: string): Promise<MailHandler> {
  const place = locate(entry);
  let module: Record<string, unknown>;
  try {
    module = await importModule(place);
  } catch (error) {
    const problem = describeError(error);
    const where = whereIn(place, error);
    const line = where === "" || problem.includes(where) ? problem : `${problem} (${where})`;
    throw new CommandError(`cannot load ${visible(entry)}: ${line}`, { cause: error });
  }
  return servable(entry, module);
}

/** What is to be imported. */
function locate(entry: string): string {
  if (/^[a-z][a-z\d+.-]+:/i.test(entry) && !entry.startsWith("file:")) return entry;
  const path = entry.startsWith("file:") ? pathOf(entry) : resolve(entry);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) return pathToFileURL(path).href;
  if (found?.isDirectory() && !isBare(entry)) {
    throw new CommandError(`cannot load ${visible(entry)}: it is a directory; name the file that exports the app`);
  }
  if (!isBare(entry)) {
    throw new CommandError(`cannot load ${visible(entry)}: there is no such file (looked for ${visible(path)})`);
  }
  try {
    return pathToFileURL(createRequire(resolve("postern-entry.js")).resolve(entry)).href;
  } catch (cause) {
    // The package may be for import only, or known to this package rather than to the working directory.
    try {
      return import.meta.resolve(entry);
    } catch {
      throw new CommandError(
        `cannot load ${visible(entry)}: there is no such file, and no package of that name from ${
          visible(process.cwd())
        }`,
        { cause },
      );
    }
  }
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new CommandError(`cannot load ${visible(url)}: it is no URL of a file`, { cause });
  }
}

/** Whether it can be the name of a package: no path, and no file name. */
function isBare(entry: string): boolean {
  return /^(?:@[\w.-]+\/)?[\w-][\w.-]*(?:\/[\w./-]+)?$/.test(entry) && !/\.[cm]?[jt]sx?$/.test(entry);
}

/** What a runtime says of TypeScript that it cannot read; then jiti can. */
const needsTranslation: readonly string[] = [
  "ERR_UNKNOWN_FILE_EXTENSION",
  "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX",
  "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING",
];

async function importModule(place: string): Promise<Record<string, unknown>> {
  try {
    return await import(place);
  } catch (error) {
    if (!needsTranslation.includes(codeOf(error)) || !place.startsWith("file:")) throw error;
    const { createJiti } = await import("jiti");
    // Nothing is left behind: no cache of translations.
    return await createJiti(place, { fsCache: false, interopDefault: false }).import(fileURLToPath(place));
  }
}

/** Whatever an app throws. */
function codeOf(thrown: unknown): string {
  try {
    return String((thrown as { code?: unknown }).code);
  } catch {
    return "";
  }
}

/** @throws {CommandError} */
function servable(entry: string, module: Record<string, unknown>): MailHandler {
  const handler = unwrapped(module["default"]);
  if (handler === undefined) {
    throw new CommandError(`cannot serve ${visible(entry)}: it has no default export; add "export default app"`);
  }
  try {
    appOf(handler);
  } catch (cause) {
    const problem = (cause as Error).message.replace(/^Cannot serve /, "its default export is ");
    throw new CommandError(`cannot serve ${visible(entry)}: ${visible(problem)}`, { cause });
  }
  return handler as MailHandler;
}

/** A CommonJS module that was an ES module once has its default export one level down. */
function unwrapped(value: unknown): unknown {
  const isTranslated = typeof value === "object" && value !== null && "__esModule" in value && "default" in value;
  return isTranslated ? value.default : value;
}

/** `app.ts:3:7`, when the error tells of the entry itself. Never throws itself, whatever an app threw. */
function whereIn(place: string, error: unknown): string {
  try {
    return positionIn(place, error);
  } catch {
    return "";
  }
}

function positionIn(place: string, error: unknown): string {
  if (!(error instanceof Error) || !place.startsWith("file:")) return "";
  const path = fileURLToPath(place);
  const name = visible(path.slice(path.lastIndexOf(sep) + 1));
  // What Bun cannot parse has a position instead of a stack.
  const { position } = error as { position?: { file?: string; line?: number; column?: number } | null };
  if (position?.file === path) return `${name}:${position.line}:${position.column}`;
  for (const line of (error.stack ?? "").split("\n")) {
    const found = [place, path].find((each) => line.includes(each));
    const at = found === undefined ? null : /^:\d+(?::\d+)?/.exec(line.slice(line.indexOf(found) + found.length));
    if (at !== null) return `${name}${at[0]}`;
  }
  return "";
}
