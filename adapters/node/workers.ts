/** Workers on Node: the parent listens for all, and hands each connection to one of them. */

import type { ChildProcess } from "node:child_process";
import cluster from "node:cluster";
import type { Processes } from "../../src/workers/processes.ts";

export const processes: Processes = {
  fork(environment): ChildProcess {
    // The terminal, if there is one, is the parent's to read from.
    cluster.setupPrimary({ stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const worker = cluster.fork(environment);
    // It says again what its process says, of which the parent hears.
    worker.on("error", () => {});
    return worker.process;
  },
  sharesUnixSockets: true,
  obstacle: undefined,
};

// A worker whose parent is gone finishes what it has, and does not end on the spot.
cluster.worker?.on("disconnect", () => cluster.worker!.exitedAfterDisconnect = true);
