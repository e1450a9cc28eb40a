/** The log as the command line writes it in production: a JSON line for each session and each message. */

import { configureLog } from "../../src/cli/log.ts";
import { standardOutput } from "../../src/cli/output.ts";

/** Begins to log at the level `info`, on standard output. */
export function configureProductionLog(): void {
  const settings = { grace: 0, printConfig: false, publicInbox: false, help: false };
  configureLog({ ...settings, logLevel: "info", logFormat: "json" }, standardOutput());
}
