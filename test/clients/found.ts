/**
 * Looks for the programs, and says once why a test of a missing one is skipped.
 *
 * @module
 */

import { access, constants } from "node:fs/promises";
import process from "node:process";
import { run } from "./run.ts";

const said = new Set<string>();

/** Prints `skipped: REASON`, once for each reason. Always false, so that `available()` can return it. */
export function skipped(reason: string): false {
  if (!said.has(reason)) console.log(`skipped: ${reason}`);
  said.add(reason);
  return false;
}

/** The path of a program, from PATH or from the folders that hold a system's mail programs. */
export async function find(program: string): Promise<string | undefined> {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/sbin", "/sbin"];
  for (const folder of folders) {
    if (folder !== "" && await executable(`${folder}/${program}`)) return `${folder}/${program}`;
  }
  return undefined;
}

/** Whether a file may be executed by this process. */
export async function executable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(() => true, () => false);
}

/** Whether a program is there; prints the reason of the skip when it is not. */
export async function installed(program: string): Promise<boolean> {
  return await find(program) !== undefined || skipped(`${program} is not installed (.ci/debian.sh installs it)`);
}

/** Mail servers change users and own their queues: without root they do not start. */
export function privileged(program: string): boolean {
  return process.getuid?.() === 0 || skipped(`${program} needs root for its queue and its users`);
}

/** The first line in which a program tells its version. */
export async function version(program: string, args: readonly string[] = ["--version"]): Promise<string> {
  const path = await find(program);
  if (path === undefined) return "not installed";
  return (await run(path, args)).output.trim().split("\n")[0] ?? "";
}
