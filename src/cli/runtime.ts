/** The runtime this process runs on. */

import process from "node:process";

/** Name and version, as people write them: `Node 20.20.2`. */
export function runtimeName(versions: Readonly<Record<string, string | undefined>> = process.versions): string {
  if (versions["bun"] !== undefined) return `Bun ${versions["bun"]}`;
  if (versions["deno"] !== undefined) return `Deno ${versions["deno"]}`;
  return `Node ${versions["node"]}`;
}
