/** All the places where a server listens. */

import type { Engine } from "./engine.ts";
import { type ListenerOptions, policyOf } from "./options.ts";
import type { Listen, Listener } from "./server.ts";
import type { Credentials } from "./tls/credentials.ts";
import { clearUnixPath } from "./unixsocket.ts";

/** Binds all listeners or none. */
export async function bindAll(
  wanted: readonly ListenerOptions[],
  credentials: Credentials | undefined,
  engine: Engine,
  listen: Listen,
): Promise<Listener[]> {
  const bound: Listener[] = [];
  try {
    for (const listener of wanted) {
      const { port = 2525, hostname = "0.0.0.0", unix, native } = listener;
      if (unix !== undefined) await clearUnixPath(unix);
      bound.push(
        await listen(
          { port, hostname, unix, native, credentials },
          engine.acceptUnder(policyOf(listener), credentials),
        ),
      );
    }
  } catch (error) {
    for (const listener of bound) listener.close();
    throw error;
  }
  return bound;
}
