/** Somebody's program on one of the runtimes, in a project of its own. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { installed, type RuntimeName } from "../runtime.ts";

const commands: Readonly<Record<RuntimeName, readonly [program: string, ...args: string[]]>> = {
  bun: [installed("bun")],
  deno: [installed("deno"), "run", "-A", "--cached-only"],
  node: ["node"],
};

/** A program under way: killed when it goes out of scope, or after eighty seconds. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<{ readonly status: number | null; readonly output: string }>;
  #output = "";
  #look: () => void = () => {};

  constructor(runtime: RuntimeName, file: string, cwd: string) {
    const [program, ...args] = commands[runtime];
    const child = spawn(program, [...args, file], { cwd });
    this.#child = child;
    const timer = setTimeout(() => child.kill("SIGKILL"), 80_000);
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

  /** The first match in what it printed, once it is there. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    while (true) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`${pattern} was never printed:\n${this.#output}`);
      }
      await new Promise<void>((resolve) => this.#look = resolve);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended;
  }
}
