/** Workers on Deno. */

import { forkCommand, portSharingObstacle } from "../../src/workers/command.ts";
import type { Processes } from "../../src/workers/processes.ts";

export const processes: Processes = {
  fork: (environment) => forkCommand(environment, withSharedPorts),
  sharesUnixSockets: false,
  obstacle: portSharingObstacle("Deno"),
};

/** Deno 2.9 counts the sharing of a port among what is unstable. A compiled program has its flags within. */
function withSharedPorts(words: string[]): string[] {
  const flag = "--unstable-net";
  if (Deno.build.standalone || words.includes(flag)) return words;
  const hasCommand = words[0] === "run" || words[0] === "serve" || words[0] === "test";
  return hasCommand ? [words[0]!, flag, ...words.slice(1)] : [flag, ...words];
}
