/**
 * What Deno has in its cache.
 *
 * Importing a `jsr:` module that is not there goes out to the network: that prints a line, and waits as long as a
 * network that swallows packets lets it. No interface of Deno's tells beforehand, so its folder is looked at. Whatever
 * is not as expected there counts as "not cached".
 */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir, platform } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { mayRead } from "../permission.ts";

/**
 * The specifier that imports a JSR module from the cache alone: its import map entry, fixed to a version that lies
 * there; undefined when there is none, or no permission to look.
 *
 * @param specifier bare, as it stands in the import map.
 */
export function cachedByDeno(specifier: string): string | undefined {
  const mapped = /^jsr:\/?(@[\w-]+\/[\w-]+)@[~^]?(\d+)[\d.]*\/([\w-]+)$/.exec(import.meta.resolve(specifier));
  if (mapped === null) return undefined;
  const [, name, major, door] = mapped;
  const folder = cacheFolder();
  if (!mayRead(folder)) return undefined;
  for (const registry of registries(folder)) {
    const cached = (path: string) => join(registry, createHash("sha256").update(path).digest("hex"));
    const meta = cached(`/${name}/meta.json`);
    if (!existsSync(meta)) continue;
    const isCached = (version: string) =>
      existsSync(cached(`/${name}/${version}_meta.json`)) &&
      existsSync(cached(`/${name}/${version}/${door!.replaceAll("-", "_")}.ts`));
    const version = versionsIn(meta).find((version) => version.startsWith(`${major}.`) && isCached(version));
    if (version !== undefined) return `jsr:${name}@${version}/${door}`;
  }
  return undefined;
}

function cacheFolder(): string {
  const { DENO_DIR, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (DENO_DIR) return DENO_DIR;
  switch (platform()) {
    case "darwin":
      return join(homedir(), "Library", "Caches", "deno");
    case "win32":
      return join(LOCALAPPDATA ?? homedir(), "deno");
    default:
      return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "deno");
  }
}

/** The folders of the hosts that modules came from; of one alone when the environment names it. */
function registries(folder: string): string[] {
  const { JSR_URL } = process.env;
  if (JSR_URL) {
    const { protocol, hostname, port } = new URL(JSR_URL);
    return [join(folder, "remote", protocol.slice(0, -1), port === "" ? hostname : `${hostname}_PORT${port}`)];
  }
  const secure = join(folder, "remote", "https");
  return existsSync(secure) ? readdirSync(secure).map((host) => join(secure, host)) : [];
}

/** The versions a package's manifest lists, newest first. After the manifest stands a comment of Deno's own. */
function versionsIn(file: string): string[] {
  const manifest = JSON.parse(readFileSync(file, "utf8").replace(/\n\/\/ denoCacheMetadata=.*$/s, ""));
  const parts = (version: string) => version.split(".").map(Number);
  return Object.keys(manifest.versions).filter((version) => /^\d+\.\d+\.\d+$/.test(version)).sort((a, b) => {
    const [left, right] = [parts(a), parts(b)];
    return right[0]! - left[0]! || right[1]! - left[1]! || right[2]! - left[2]!;
  });
}
