/** A directory for the eyes of whoever runs the server. */

import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a directory (0700), and those it lies in, where they are not there.
 *
 * Not by `recursive`: where nothing can be made, as in `/proc`, Node tries that for ever.
 *
 * @throws {Error} the system's, with its `code`.
 */
export function makeDirectory(directory: string): void {
  const path = resolve(directory);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another worker may have been faster.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
