/** The command line as its users call it: a child process on one of the three runtimes. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { installed, type RuntimeName, runtimeNames } from "../runtime.ts";

export { type RuntimeName, runtimeNames };

export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** Each by its own door. Node runs the build in dist/. */
const commands: Readonly<Record<RuntimeName, readonly string[]>> = {
  bun: [installed("bun"), `${root}adapters/bun/cli.ts`],
  deno: [installed("deno"), "run", "-A", `${root}adapters/deno/cli.ts`],
  node: ["node", `${root}dist/adapters/node/cli.js`],
};

/** What starts the command line on a runtime; the command and its flags come behind. */
export function commandLine(runtime: RuntimeName): readonly string[] {
  return commands[runtime];
}

/** How a command ended, and what it printed. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Variables that decide what is tested are those of the test alone. */
function environment(given: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) =>
    !/^(?:POSTERN_|PORT$|NO_COLOR$|NODE_EXTRA_CA_CERTS$)/.test(name)
  );
  return { ...Object.fromEntries(inherited), ...given };
}

/** A command under way. It is killed after eighty seconds, whatever happens. */
export class Command {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  #stdout = "";
  #stderr = "";
  readonly #watchers = new Set<() => void>();

  /** @param launcher a program that starts the command, and its own words before it. */
  constructor(
    runtime: RuntimeName,
    words: readonly string[],
    env: Record<string, string> = {},
    cwd: string = root,
    launcher: readonly string[] = [],
  ) {
    const [program = "", ...args] = [...launcher, ...commands[runtime]];
    this.child = spawn(program, [...args, ...words], { cwd, env: environment(env) });
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 80_000);
    this.child.stdout.on("data", (chunk) => {
      this.#stdout += chunk;
      for (const look of this.#watchers) look();
    });
    this.child.stderr.on("data", (chunk) => this.#stderr += chunk);
    this.ended = new Promise((resolve) =>
      this.child.on("close", (status) => {
        clearTimeout(timer);
        for (const look of this.#watchers) look();
        resolve({ status, stdout: this.#stdout, stderr: this.#stderr });
      })
    );
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** The first match on stdout, once it is there. */
  printed(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this.#stdout);
        if (match !== null) resolve(match);
        else if (this.child.exitCode === null && this.child.signalCode === null) return;
        else reject(new Error(`${pattern} was never printed:\n${this.#stdout}${this.#stderr}`));
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** The port it says it listens on. */
  async port(): Promise<number> {
    return Number((await this.printed(/listening on [^ ]*:(\d+) /))[1]);
  }

  async stop(signal: "SIGINT" | "SIGTERM" = "SIGTERM"): Promise<Ended> {
    this.child.kill(signal);
    return await this.ended;
  }
}

/** Runs a command to its end. */
export function run(runtime: RuntimeName, words: readonly string[], env?: Record<string, string>): Promise<Ended> {
  return new Command(runtime, words, env).ended;
}
