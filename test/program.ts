/** Somebody's program under way, and what it prints. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import process from "node:process";
import { installed, type RuntimeName } from "./runtime.ts";

const runners: Readonly<Record<RuntimeName, readonly string[]>> = {
  bun: [installed("bun")],
  deno: [installed("deno"), "run", "-A", "--cached-only"],
  node: ["node"],
};

/** A program: killed when it goes out of scope, or after eighty seconds, and all that it started with it. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<{ readonly status: number | null; readonly output: string }>;
  #output = "";
  #look: () => void = () => {};

  constructor([program = "", ...args]: readonly string[], options: { cwd: string; env?: Record<string, string> }) {
    const child = spawn(program, args, { ...options, detached: true });
    this.#child = child;
    const timer = setTimeout(() => this.signal("SIGKILL"), 80_000);
    const hear = (chunk: unknown) => {
      this.#output += chunk;
      this.#look();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    this.ended = new Promise((resolve) =>
      child.on("close", (status) => {
        clearTimeout(timer);
        resolve({ status, output: this.#output });
        this.#look();
      })
    );
  }

  /** A file on a runtime, started in the project it belongs to. */
  static ofFile(runtime: RuntimeName, file: string, project: string): Program {
    return new Program([...runners[runtime], file], { cwd: project });
  }

  /** The first match in what it printed, once it is there. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    while (true) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      if (this.#hasEnded) throw new Error(`${pattern} was never printed:\n${this.#output}`);
      await new Promise<void>((resolve) => this.#look = resolve);
    }
  }

  /** To the program and all that it started, as Ctrl-C goes. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid !== undefined && !this.#hasEnded) process.kill(-pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
