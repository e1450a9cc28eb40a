/** What the kernel knows of a process: processor time, memory, open files. Linux only. */

import { readdirSync, readFileSync } from "node:fs";

/** Linux tells times in these, whatever its own clock does. */
const ticksPerSecond = 100;

/**
 * Seconds of processor time, user and system, of a process and of all below it: a launcher may have forked the program
 * that does the work.
 */
export function processorTime(pid: number): number {
  let ticks = 0;
  for (const each of family(pid)) {
    const fields = statOf(each);
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksPerSecond;
}

/** Resident octets of a process and of all below it. */
export function residentSize(pid: number): number {
  let kibibytes = 0;
  for (const each of family(pid)) {
    const status = read(`/proc/${each}/status`);
    kibibytes += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return kibibytes * 1024;
}

/** Open files of a process and of all below it. */
export function openFiles(pid: number): number {
  let count = 0;
  for (const each of family(pid)) {
    try {
      count += readdirSync(`/proc/${each}/fd`).length;
    } catch {
      // It has ended.
    }
  }
  return count;
}

/** How many files this process, and those it starts, may have open. */
export function fileLimit(): number {
  return Number(/^Max open files\s+(\d+)/m.exec(read("/proc/self/limits"))?.[1] ?? 1024);
}

/** Pages of the kernel's own that hold what TCP has not handed on yet, in octets. */
export function tcpMemory(): number {
  return Number(/^TCP: .* mem (\d+)/m.exec(read("/proc/net/sockstat"))?.[1] ?? 0) * 4096;
}

function family(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter((each) => each !== "");
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}

/** The fields behind the name, which may hold blanks: the first is the state. */
function statOf(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
