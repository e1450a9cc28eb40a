/** Postern under load, and how it bears it: the contestant, which tells each second how late its event loop was. */

import process from "node:process";
import { compete, type Reader } from "./postern.ts";

/** What the server tells on standard error, a JSON line each; milliseconds. */
export interface Pulse {
  /** By how much each beat of the second was late. */
  readonly late: readonly number[];
  /**
   * Of the beat that kept this process's own processor busiest, how long that was: what a beat is late beyond it, others
   * on the machine had the processor, or the disk.
   */
  readonly busiest: number;
}

const beat = 5;

/** Other ways than piece by piece, by READ in the environment. */
const readers: Readonly<Record<string, Reader>> = {
  bytes: async (mail) => (await mail.bytes()).length,
  text: async (mail) => (await mail.text()).length,
  fingerprint: async (mail) => (await mail.fingerprint()).length,
  parse: async (mail) => (await mail.parse()).text?.length ?? 0,
};

/** Serves until the process is killed. */
export async function endureLoad(serve: Parameters<typeof compete>[0]): Promise<void> {
  await compete(serve, readers[process.env["READ"] ?? ""]);
  let late: number[] = [];
  let busiest = 0;
  let last = performance.now();
  let used = processorTime();
  setInterval(() => {
    const [now, nowUsed] = [performance.now(), processorTime()];
    late.push(Math.max(0, Math.round((now - last - beat) * 10) / 10));
    // Other threads collect garbage meanwhile: more than the time that passed was not this one's.
    busiest = Math.max(busiest, Math.min(nowUsed - used, now - last) - beat);
    [last, used] = [now, nowUsed];
  }, beat);
  setInterval(() => {
    const pulse: Pulse = { late, busiest: Math.round(busiest * 10) / 10 };
    process.stderr.write(`${JSON.stringify(pulse)}\n`);
    late = [];
    busiest = 0;
  }, 1000);
}

/** Milliseconds of this process. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
