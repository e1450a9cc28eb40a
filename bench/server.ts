/** A server under measurement: a process of its own on a port of 127.0.0.1. */

import { spawn } from "node:child_process";
import { freePort, listening } from "../test/clients/scratch.ts";
import { killGroup } from "../test/clients/run.ts";
import { forget, watch } from "../test/clients/watchdog.ts";
import { processorTime } from "./figures.ts";

export interface ServerCommand {
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A running server; `await using` ends it, and no server outlives this process. */
export class MeasuredServer implements AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  readonly #ended: Promise<void>;

  private constructor(port: number, pid: number, ended: Promise<void>) {
    this.port = port;
    this.pid = pid;
    this.#ended = ended;
  }

  /**
   * Starts a server and waits until it listens.
   *
   * @param command gets the port.
   * @throws {Error} with what the server said, when it does not listen within half a minute.
   */
  static async start(command: (port: number) => ServerCommand): Promise<MeasuredServer> {
    const port = await freePort();
    const { command: [program = "", ...args], cwd, env } = command(port);
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      detached: true,
      // The log of a server in production goes somewhere; here to nowhere.
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk) => said = (said + chunk).slice(-4000));
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()).once("error", () => resolve()));
    const pid = child.pid ?? 0;
    if (pid !== 0) watch(pid);
    const server = new MeasuredServer(port, pid, ended);
    const failed = ended.then(() => Promise.reject(new Error(`${program} ended: ${said}`)));
    try {
      await Promise.race([listening(port, 30_000), failed]);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    failed.catch(() => {});
    return server;
  }

  /** Seconds of processor time so far, user and system. */
  get processorTime(): number {
    return processorTime(this.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    killGroup(this.pid, "SIGKILL");
    if (this.pid !== 0) forget(this.pid);
    await this.#ended;
  }
}
