/** Workers on Bun. */

import { forkCommand, portSharingObstacle } from "../../src/workers/command.ts";
import type { Processes } from "../../src/workers/processes.ts";

export const processes: Processes = {
  fork: forkCommand,
  sharesUnixSockets: false,
  obstacle: portSharingObstacle("Bun"),
};
