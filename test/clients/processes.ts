/**
 * The processes of a mail server that left its parent's process group, found by a folder that only they know.
 *
 * @module
 */

import { readdir, readFile } from "node:fs/promises";
import process from "node:process";

/** The ids of the processes, but for zombies, that name `folder` in their environment or command line. Linux only. */
export async function processesOf(folder: string): Promise<readonly number[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async (pid) => {
    if (Number(pid) === process.pid) return [];
    const [environment, command] = await Promise.all([
      readFile(`/proc/${pid}/environ`, "latin1").catch(() => ""),
      readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => ""),
    ]);
    return environment.includes(folder) || command.includes(folder) ? [Number(pid)] : [];
  }));
  return found.flat();
}

/** Kills them all, those too that were being started meanwhile. */
export async function killProcessesOf(folder: string): Promise<void> {
  for (let round = 0; round < 20; round++) {
    const pids = await processesOf(folder);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
  }
}
