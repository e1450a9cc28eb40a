/** Whether everything that is exported says what it is. */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root: string = fileURLToPath(new URL("../", import.meta.url));

/**
 * Exported names, members among them, without documentation, as file:line.
 *
 * Deno's linter also wants the types of hono's that signatures name to be exported from here; those are hono's to export.
 *
 * @param files the entry points.
 */
export function undocumented(files: readonly unknown[]): string[] {
  const args = ["doc", "--lint", ...files.map(String)];
  const { stderr, error } = spawnSync("deno", args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  if (error !== undefined) return [`deno doc could not be run: ${error.message}`];
  const found = stderr.matchAll(/^error\[missing-jsdoc\].*\n *--> (?:file:\/\/)?(\S+)/gm);
  const places = [...found].map(([, place = ""]) => place.replace(root, ""));
  return [...new Set(places)].map((place) => `${place} is exported, and has no documentation`);
}
