/** Where it was measured: a figure without its machine is no figure. */

import { arch, cpus, loadavg, release, totalmem, type } from "node:os";

/** The machine in one line. */
export function machine(): string {
  const [first] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${cpus().length} × ${first?.model.trim() ?? "unknown"}, ${memory}, ${type()} ${release()} ${arch()}`;
}

/** The load average of the last minute, which is what was going on before. */
export function loadAverage(): number {
  return loadavg()[0] ?? 0;
}

/** What to think of figures that were measured beside other work; undefined on a quiet machine. */
export function noiseWarning(load: number): string | undefined {
  if (load < 0.3) return undefined;
  return `**Warning.** The load average was ${
    load.toFixed(2)
  } on ${cpus().length} processors before the run: others were at work, ` +
    "and messages per second say little. Processor time for each message is less touched by that.";
}
