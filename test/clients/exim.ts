/**
 * A private Exim with a real queue: its own configuration, spool and log below a temporary folder.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { chown, mkdir, readFile } from "node:fs/promises";
import { bytesOf, type Message } from "./client.ts";
import { eximConfig, type EximOptions } from "./exim_config.ts";
import { executable, privileged, skipped } from "./found.ts";
import { killProcessesOf, processesOf } from "./processes.ts";
import { run, type Running, start } from "./run.ts";
import { freePort, type Scratch, scratch } from "./scratch.ts";

export { type EximOptions, mechanisms } from "./exim_config.ts";

/** Debian's Exim cannot be installed beside Postfix, so .ci/debian.sh unpacks it here. */
const program = "/opt/postern-exim/usr/sbin/exim4";

/** Whether a private Exim can run here. */
export async function available(): Promise<boolean> {
  return (await executable(program) || skipped("exim is not installed (.ci/debian.sh installs it)")) &&
    privileged("exim");
}

/** Starts an instance that tries its queue again each second. */
export async function startExim(options: EximOptions): Promise<Exim> {
  const folder = await scratch("exim", { shared: true });
  const passwd = (await run("getent", ["passwd", "Debian-exim"])).output.split(":");
  for (const name of ["spool", "log"]) {
    await mkdir(folder.file(name), { mode: 0o750 });
    await chown(folder.file(name), Number(passwd[2]), Number(passwd[3]));
  }
  await folder.write("exim.conf", eximConfig(program, folder.path, options));
  const file = folder.file("exim.conf");
  // -bdf keeps the queue runner in the foreground, and makes it listen too; it refuses every recipient there.
  const runner = start(program, ["-C", file, "-bdf", "-q1s", "-oX", `127.0.0.1.${await freePort()}`]);
  const exim = new Exim(folder, runner);
  try {
    await exim.logged(/daemon started/);
    return exim;
  } catch (error) {
    await exim[Symbol.asyncDispose]();
    throw new Error(`Exim did not start: ${runner.output.text}`, { cause: error });
  }
}

/** A running Exim; `await using` stops it and removes its folder. */
export class Exim implements AsyncDisposable {
  readonly #folder: Scratch;
  readonly #runner: Running;

  constructor(folder: Scratch, runner: Running) {
    this.#folder = folder;
    this.#runner = runner;
  }

  /** Puts a message into the queue and tries to deliver it at once, in the background. */
  async submit(message: Message, args: readonly string[] = []): Promise<void> {
    const input = Buffer.from(Buffer.from(bytesOf(message)).toString("latin1").replaceAll("\r\n", "\n"), "latin1");
    const sender = message.from === "" ? "<>" : message.from;
    await this.command(["-i", "-odb", "-f", sender, ...args, "--", ...message.to], input);
  }

  /** The ids of the queued messages. */
  async queue(): Promise<readonly string[]> {
    return (await this.command(["-bpr"])).match(/\b\w{6}-\w{6,11}-\w{2,4}\b/g) ?? [];
  }

  /** Tries everything now, whether it is due or not; resolves when the run is over. */
  async flush(): Promise<void> {
    await this.command(["-qff"]);
  }

  /** The main log so far. */
  async log(): Promise<string> {
    return await readFile(this.#folder.file("log/main"), "utf8").catch(() => "");
  }

  /** Waits for a line of the log; rejects with the log after `timeoutMs`. */
  async logged(pattern: RegExp, timeoutMs = 15_000): Promise<RegExpExecArray> {
    return await this.#until(async () => pattern.exec(await this.log()) ?? undefined, `to log ${pattern}`, timeoutMs);
  }

  /** Waits until nothing is queued; rejects with the log after `timeoutMs`. */
  async emptied(timeoutMs = 15_000): Promise<void> {
    await this.#until(async () => (await this.queue()).length === 0 || undefined, "to empty its queue", timeoutMs);
  }

  /** Ends all its processes. */
  async stop(): Promise<void> {
    const ended = this.#runner.stop(0);
    await killProcessesOf(this.#folder.path);
    await ended;
  }

  /** The process ids of the queue runner and its deliveries. */
  async processes(): Promise<readonly number[]> {
    return await processesOf(this.#folder.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#folder[Symbol.asyncDispose]();
  }

  /** Runs Exim's program with this configuration; rejects with what it printed when it fails. */
  async command(args: readonly string[], input?: Uint8Array): Promise<string> {
    // The delivery goes on in the background; stop() finds it.
    const options = { leaveChildren: true, ...(input ? { input } : {}) };
    const { code, output } = await run(program, ["-C", this.#folder.file("exim.conf"), ...args], options);
    if (code !== 0) throw new Error(`exim ${args.join(" ")} ended with ${code}: ${output}\n${await this.log()}`);
    return output;
  }

  async #until<T>(look: () => Promise<T | undefined>, what: string, timeoutMs: number): Promise<T> {
    const end = Date.now() + timeoutMs;
    while (true) {
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > end) throw new Error(`Exim took longer than ${timeoutMs} ms ${what}:\n${await this.log()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
