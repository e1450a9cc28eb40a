/** One soak: a server, clients of both kinds, and what came of it. */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { forget, watch } from "../../test/clients/watchdog.ts";
import type { RuntimeName } from "../../test/runtime.ts";
import { openFiles, residentSize } from "../figures.ts";
import { interpreters, ready, root } from "../programs.ts";
import { percentile, slope } from "../series.ts";
import { size } from "../table.ts";
import { behave } from "./clients.ts";
import { misbehave } from "./faults.ts";
import { Ledger } from "./ledger.ts";
import type { Tidings } from "./server.ts";

/** What came of a soak. */
export interface Findings {
  readonly runtime: RuntimeName;
  readonly seconds: number;
  readonly answered: number;
  /** Connections of bad clients. */
  readonly faults: number;
  /** Faults of clients and of handlers, by kind. */
  readonly kinds: ReadonlyMap<string, number>;
  /** What well-behaved clients were told and should not have been. */
  readonly wrong: readonly string[];
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly unheard: number;
  readonly unhandled: readonly string[];
  /** Resident octets at the beginning, at each sixth of the time, and at the end. */
  readonly memory: readonly number[];
  /** Octets by which memory grew in a minute, by the line of least squares through the last three quarters. */
  readonly growth: number;
  /** Octets of the heap and what belongs to it after collections of garbage: the least in the middle third, and last. */
  readonly kept: readonly [middle: number, last: number];
  /** Open files before the first client and after the last. */
  readonly files: readonly [number, number];
  /** The longest delay of the event loop in milliseconds, and its 99th percentile over tenths of a second. */
  readonly delay: { readonly longest: number; readonly usual: number };
  /** Sessions once all clients have gone. */
  readonly sessions: number;
  /** Files in the spool's folder after the end. */
  readonly left: number;
  /** How the process ended when it was told to: 0. */
  readonly exitCode: number | null;
}

/** How many clients of each kind at a time. */
const goodClients = 8;
const badClients = 12;

/** How often it is asked what is kept in memory: garbage is collected for the answer. */
const questions = 12;

/** Soaks a runtime for so many seconds. */
export async function soak(runtime: RuntimeName, seconds: number): Promise<Findings> {
  const ledger = new Ledger();
  const unhandled: string[] = [];
  const delays: number[] = [];
  const kept: number[] = [];
  let sessions = 0;
  const spool = mkdtempSync(join(tmpdir(), "postern-soak-"));
  const server = await start(runtime, spool);
  const { child } = server;
  server.hear((tidings) => {
    for (const copy of tidings.delivered) ledger.deliver(copy);
    unhandled.push(...tidings.unhandled);
    delays.push(tidings.delay);
    sessions = tidings.sessions;
    if (tidings.kept !== undefined) kept.push(tidings.kept);
  });
  try {
    const { port } = await server.listening;
    const pid = child.pid!;
    const filesBefore = openFiles(pid);
    const samples: [seconds: number, octets: number][] = [];
    const began = performance.now();
    const age = (): number => (performance.now() - began) / 1000;
    const sampler = setInterval(() => samples.push([age(), residentSize(pid)]), 250);
    const asker = setInterval(() => child.stdin.write("kept?\n"), seconds * 1000 / questions);
    let faults = 0;

    const repeat = async (act: (port: number, ledger: Ledger) => Promise<void>): Promise<void> => {
      while (age() < seconds && child.exitCode === null) {
        if (act === misbehave) faults++;
        await act(port, ledger).catch((error) => ledger.complain(`cannot connect: ${error}`));
      }
    };

    const good = Array.from({ length: goodClients }, () => repeat(behave));
    const bad = Array.from({ length: badClients }, () => repeat(misbehave));
    await Promise.all([...good, ...bad]);
    clearInterval(sampler);
    clearInterval(asker);
    // What lingers is given its time, which is bounded by the server's own limits.
    for (let wait = 0; wait < 100 && (wait < 5 || sessions > 0); wait++) await pause(100);
    await pause(2500);
    const filesAfter = openFiles(pid);
    const sessionsAfter = sessions;
    const steady = samples.filter(([at]) => at > seconds / 4);
    const exitCode = await server.stop();
    const third = Math.floor(kept.length / 3);
    return {
      runtime,
      seconds,
      answered: ledger.answered,
      faults,
      kinds: ledger.kinds,
      wrong: ledger.wrong,
      lost: ledger.lost,
      doubled: ledger.doubled,
      unheard: ledger.unheard,
      unhandled,
      memory: Array.from({ length: 7 }, (_, sixth) => samples[Math.floor((samples.length - 1) * sixth / 6)]?.[1] ?? 0),
      growth: slope(steady) * 60,
      kept: [Math.min(...kept.slice(third, 2 * third)), Math.min(...kept.slice(2 * third))],
      files: [filesBefore, filesAfter],
      delay: { longest: Math.max(0, ...delays), usual: percentile(delays, 0.99) },
      sessions: sessionsAfter,
      left: readdirSync(spool).length,
      exitCode,
    };
  } finally {
    child.kill("SIGKILL");
    rmSync(spool, { recursive: true, force: true });
  }
}

/** So many seconds a run must have before anything is made of its memory: until then runtimes take what they need. */
const longEnough = 300;

/**
 * By how many octets, and by which part of it, what is kept may grow from the middle third to the last: what is under
 * way differs. In five minutes there are some thousand connections from third to third, and 8 KiB of each are more.
 */
const [someGrowth, partOfGrowth] = [8 * 2 ** 20, 0.2];

/** What went wrong, in words; empty when all is well. Delays are figures to look at, not verdicts. */
export function problems(findings: Findings): string[] {
  const found = [...findings.wrong, ...findings.unhandled];
  if (findings.lost.length > 0) found.push(`lost: ${findings.lost.slice(0, 5)}`);
  if (findings.doubled.length > 0) found.push(`delivered twice: ${findings.doubled.slice(0, 5)}`);
  if (findings.sessions > 0) found.push(`${findings.sessions} sessions are left`);
  if (findings.left > 0) found.push(`${findings.left} files are left in the spool's folder`);
  // Files of the runtime's own, such as those of a pool, may come late and stay.
  if (findings.files[1] > findings.files[0] + 8) found.push(`open files: ${findings.files.join(" before, ")} after`);
  const [middle, last] = findings.kept;
  if (findings.seconds >= longEnough && last - middle > Math.max(someGrowth, middle * partOfGrowth)) {
    found.push(`kept in memory: ${size(middle)} in the middle third, ${size(last)} in the last`);
  }
  if (findings.exitCode !== 0) found.push(`the server ended with ${findings.exitCode}`);
  return found;
}

interface SoakServer {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly listening: Promise<{ readonly port: number }>;
  hear(listener: (tidings: Tidings) => void): void;
  /** Ends its input; resolves with its exit code, or null when it had to be killed. */
  stop(): Promise<number | null>;
}

/** What lets a program collect its garbage. */
const collectable: Readonly<Record<RuntimeName, string>> = {
  bun: "--expose-gc",
  deno: "--v8-flags=--expose-gc",
  node: "--expose-gc",
};

async function start(runtime: RuntimeName, spool: string): Promise<SoakServer> {
  const [program = "", ...args] = interpreters[runtime];
  const file = await ready(runtime, `bench/soak/${runtime}.ts`);
  const child = spawn(program, [...args, collectable[runtime], file], {
    cwd: root,
    detached: true,
    env: { ...process.env, SOAK_SPOOL: spool },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const pid = child.pid ?? 0;
  if (pid !== 0) watch(pid);
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  ended.then(() => forget(pid));
  child.stdin.on("error", () => {});
  let listener: (tidings: Tidings) => void = () => {};
  const listening = new Promise<{ port: number }>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const tidings = JSON.parse(line) as Tidings;
      if (tidings.port !== undefined) resolve({ port: tidings.port });
      listener(tidings);
    });
    ended.then((code) => reject(new Error(`The server on ${runtime} ended with ${code}`)));
  });
  listening.catch(() => {});
  return {
    child,
    listening,
    hear: (heard) => listener = heard,
    async stop() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
      return await ended.finally(() => clearTimeout(timer));
    },
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
