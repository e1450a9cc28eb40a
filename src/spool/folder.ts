/** The folder that messages are to lie in: whether it will do is asked at the start, not by the first large message. */

import { accessSync, constants, statSync } from "node:fs";

/** @throws {Error} when it is not there, is no folder, or nothing can be made in it. */
export function checkFolder(directory: string): void {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found === undefined) throw new Error(`Cannot keep messages in ${directory}: there is no such directory`);
  if (!found.isDirectory()) throw new Error(`Cannot keep messages in ${directory}: it is no directory`);
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new Error(`Cannot keep messages in ${directory}: ${(cause as Error).message}`, { cause });
  }
}
