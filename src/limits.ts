/** The limits that hold for a server as a whole, however many processes it has. */

import type { ServeOptions } from "./options.ts";
import { sessionOptions } from "./session/options.ts";

export interface ServerLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  readonly authFailuresPerAddress: number;
  /** Milliseconds. */
  readonly authFailureWindow: number;
}

/** Milliseconds for sessions to finish, where nobody says how long. */
export const defaultGrace = 10_000;

/** What was set, and the defaults of what was not. */
export function limitsOf(options: ServeOptions): ServerLimits {
  const { maxConnections = 1000, maxConnectionsPerAddress = 50 } = options;
  const { authFailuresPerAddress, authFailureWindow } = sessionOptions(options, "").limits;
  return { maxConnections, maxConnectionsPerAddress, authFailuresPerAddress, authFailureWindow };
}
