/** bench/RESULTS.md: each tool's last output in a section of its own, dated, with the command that made it. */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { root } from "./programs.ts";

const file = new URL("RESULTS.md", import.meta.url);

/**
 * Puts a tool's output where its section is.
 *
 * @param section as in the marks of RESULTS.md, `<!-- bench -->` to `<!-- /bench -->`.
 * @throws {Error} when there are no such marks.
 */
export function writeResults(section: string, output: string): void {
  const text = readFileSync(file, "utf8");
  const [begin, end] = [`<!-- ${section} -->`, `<!-- /${section} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) {
    throw new Error(`Cannot write results: RESULTS.md has no section between ${begin} and ${end}`);
  }
  const dated = `Measured ${new Date().toISOString().slice(0, 10)}.\n\nBy \`${commandLine()}\`.\n\n${output.trim()}`;
  writeFileSync(file, `${text.slice(0, from + begin.length)}\n\n${dated}\n\n${text.slice(to)}`);
  // As the gate wants to see it.
  spawnSync(`${root}node_modules/.bin/deno`, ["fmt", "--quiet", file.pathname]);
}

/** This program's command line, as it can be typed in the repository's root. */
export function commandLine([, file = "", ...words]: readonly string[] = process.argv): string {
  const quoted = words.map((word) => /^[\w./:=,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  return ["bun", file.replace(root, ""), ...quoted].join(" ");
}
