/** The file that a Unix socket is. */

import { lstatSync, rmSync } from "node:fs";
import { connect } from "node:net";

/**
 * Takes away the socket that a server left behind which was killed: on it nobody listens, and nobody could again. What is
 * no socket, and one that is listened on, stays.
 */
export async function clearUnixPath(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() && await isRefused(path)) rmSync(path, { force: true });
}

function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", (error) => resolve((error as { readonly code?: string }).code === "ECONNREFUSED"));
  });
}
