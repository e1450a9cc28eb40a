/** Listening where other workers listen, too. */

import { rmSync } from "node:fs";
import type { Listen, ListenAddress, Listener } from "../server.ts";
import type { Socket } from "../socket.ts";
import type { Processes } from "./processes.ts";
import type { Welcome } from "./messages.ts";

/** How often a port that was seen to be free is tried. */
const attempts = 50;

/**
 * Binds one of a worker's listeners.
 *
 * The first worker finds out whether the port is free before it shares it: a port that is shared would be shared with
 * a second server, started by mistake, as well. In place of port 0 it finds one that the others can be told.
 *
 * @param at which of the listeners it is.
 */
export async function bindShared(
  listen: Listen,
  address: ListenAddress,
  accept: (socket: Socket) => void,
  { sharesUnixSockets }: Processes,
  { ports, slot, isReplacement }: Welcome,
  at: number,
): Promise<Listener> {
  const { unix } = address;
  if (unix !== undefined) {
    if (sharesUnixSockets) return await listen({ ...address, isShared: true }, accept);
    if (slot > 0) return { port: 0, hostname: unix, close() {} };
    // A predecessor that was killed left its file; nobody listens there.
    if (isReplacement) rmSync(unix, { force: true });
    return await listen(address, accept);
  }
  if (ports !== null) return await listen({ ...address, port: ports[at]!, isShared: true }, accept);
  const probe = await listen({ ...address, isShared: false }, (socket) => socket.destroy());
  probe.close();
  const shared = { ...address, port: probe.port, isShared: true };
  for (let attempt = 1;; attempt++) {
    try {
      return await listen(shared, accept);
    } catch (error) {
      // Deno closes a listener a little later than it says.
      if ((error as { code?: unknown }).code !== "EADDRINUSE" || attempt === attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
