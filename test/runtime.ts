/** A runtime that serves the fixture's apps: a child process, ordered about over its standard streams. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ServeOptions, Server, TlsOptions } from "postern";
import type { AppName, Delivered } from "./fixture/apps.ts";
import type { Order } from "./fixture/serve.ts";

/** The runtimes that Postern runs on. */
export type RuntimeName = "bun" | "deno" | "node";

/** All of them. */
export const runtimeNames: readonly RuntimeName[] = ["bun", "deno", "node"];

const root = fileURLToPath(new URL("../", import.meta.url));

/** A program of this repository's packages, or else the machine's. */
export function installed(program: string): string {
  const path = `${root}node_modules/.bin/${program}`;
  return existsSync(path) ? path : program;
}

/** How each runs a TypeScript file. Node serves the build in dist/, and reads the fixture itself through jiti. */
const commands: Readonly<Record<RuntimeName, readonly string[]>> = {
  bun: [installed("bun"), "--expose-gc"],
  deno: [installed("deno"), "run", "-A", "--cached-only", "--v8-flags=--expose-gc"],
  node: ["node", "--expose-gc", "--import", "jiti/register"],
};

/** A server in a runtime. */
export interface Served {
  readonly port: number;
  readonly hostname: string;
  /** The ports of all its listeners. */
  readonly ports: readonly number[];
  /** The port of HTTP; 0 without it. */
  readonly httpPort: number;
  metrics(): Promise<string>;
  reload(tls: TlsOptions): Promise<void>;
  /** What its app was given since it was asked last. */
  deliveries(): Promise<Delivered[]>;
  sessions(): Promise<number>;
  close(grace?: number): Promise<void>;
}

/** A runtime that was started. */
export class Runtime implements AsyncDisposable {
  readonly name: RuntimeName;
  readonly process: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  /** Unhandled rejections and the like: there must be none. */
  readonly faults: string[] = [];
  #errorOutput = "";
  #orders = 0;

  private constructor(name: RuntimeName) {
    this.name = name;
    const [program = "", ...args] = commands[name];
    this.process = spawn(program, [...args, `test/fixture/${name}.ts`], { cwd: root });
    this.process.stderr.on("data", (chunk) => this.#errorOutput += chunk);
    this.process.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${name} ended: ${this.#errorOutput}`));
    });
    createInterface({ input: this.process.stdout }).on("line", (line) => this.#hear(line));
  }

  /** Resolves once the runtime takes orders. */
  static async start(name: RuntimeName): Promise<Runtime> {
    const runtime = new Runtime(name);
    await new Promise((resolve, reject) => runtime.#waiting.set(0, { resolve, reject }));
    return runtime;
  }

  /** Serves one of the fixture's apps, on a free port of 127.0.0.1 unless the options say otherwise. */
  async serve(app: AppName, options: ServeOptions = {}): Promise<Served> {
    const where = options.unix === undefined && options.listeners === undefined
      ? { port: 0, hostname: "127.0.0.1" }
      : {};
    const made = await this.order({ do: "serve", app, options: { ...where, name: "mx.test", ...options } });
    const { server, port, hostname, listeners, http } = made as Omit<Server, "sessions"> & { server: number };
    return {
      port,
      hostname,
      ports: listeners.map((listener) => listener.port),
      httpPort: http?.port ?? 0,
      metrics: async () => await this.order({ do: "metrics", server }) as string,
      reload: async (tls) => void await this.order({ do: "reload", server, options: { tls } }),
      deliveries: async () => await this.order({ do: "deliveries", server }) as Delivered[],
      sessions: async () => await this.order({ do: "sessions", server }) as number,
      close: async (grace) => void await this.order({ do: "close", server, ...(grace === undefined ? {} : { grace }) }),
    };
  }

  /** Resident octets, after a collection of garbage where the runtime allows to ask for one. */
  async memory(): Promise<number> {
    return await this.order({ do: "memory" }) as number;
  }

  /**
   * Resident octets as soon as they are fewer than `limit`, or after fifteen seconds. Bun gives memory back a second or
   * two after it was collected; what is kept does not go away by waiting.
   */
  async memoryBelow(limit: number): Promise<number> {
    const end = Date.now() + 15_000;
    for (;;) {
      const resident = await this.memory();
      if (resident < limit || Date.now() > end) return resident;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** What was logged as a warning or an error since it was asked last. */
  async log(): Promise<string[]> {
    return await this.order({ do: "log" }) as string[];
  }

  /** How many files it has open. Linux only. */
  async files(): Promise<number> {
    return await this.order({ do: "files" }) as number;
  }

  order(order: Omit<Order, "id">): Promise<unknown> {
    const id = ++this.#orders;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.process.stdin.write(`${JSON.stringify({ id, ...order })}\n`);
    });
  }

  /** Ends the process, and fails if it had a fault that nobody handled. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.process.stdin.end();
    if (this.process.exitCode === null) await new Promise((resolve) => this.process.once("close", resolve));
    if (this.faults.length > 0) throw new Error(`${this.name} had faults:\n${this.faults.join("\n")}`);
  }

  #hear(line: string): void {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string };
    if (id < 0) return void this.faults.push(error ?? "");
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }
}
