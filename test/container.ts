/**
 * A container, or a service of systemd, without either: a command in a folder of files, as a user of no rights, in a
 * mount namespace whose file systems cannot be written to, but for a tmpfs in the place of the spool.
 */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installed, privileged, skipped } from "./clients/found.ts";
import { run } from "./clients/run.ts";
import { type Scratch, scratch } from "./clients/scratch.ts";

const binaries = fileURLToPath(new URL("../node_modules/.bin", import.meta.url));

/** Whether the system lets a test make namespaces: within some containers root may not. */
export async function available(): Promise<boolean> {
  if (!privileged("a container")) return false;
  for (const program of ["unshare", "setpriv", "ip"]) if (!await installed(program)) return false;
  const { code, output } = await run("unshare", ["--mount", "--net", "mount", "--bind", "/", "/"]);
  return code === 0 || skipped(`no namespaces can be made here: ${output.trim()}`);
}

/** Mounts are the namespace's own, and end with it. What is mounted below `/` stays writable: nothing of it is used. */
const seclude = `
set -e
mount --bind / / && mount -o remount,bind,ro /
mount -t tmpfs -o mode=1777,size=64m tmpfs /dev/shm
cd "$1" && shift
! touch probe 2>/dev/null
capability=$1 && shift
if [ "$capability" = +net_bind_service ]; then ip link set lo up; fi
exec setpriv --reuid 1000 --regid 1000 --clear-groups --no-new-privs --bounding-set "-all,$capability" \\
  --inh-caps "-all,$capability" --ambient-caps "-all,$capability" -- "$@"
`;

/** What is to run. */
export interface Contents {
  readonly command: readonly string[];
  /** Puts Postern into its folder, and may put more there. */
  install(folder: string): void | Promise<void>;
  /** Paths of what is copied into its folder then. */
  readonly files?: readonly string[];
  /** All of its environment, but for PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** In a network of its own, and with the right to bind the ports below 1024. Default false. */
  readonly bindsPorts?: boolean;
}

/** A container that was started. */
export class Container implements AsyncDisposable {
  readonly process: ChildProcessWithoutNullStreams;
  readonly ended: Promise<number | null>;
  readonly #folder: Scratch;
  #output = "";

  private constructor(process: ChildProcessWithoutNullStreams, folder: Scratch) {
    this.process = process;
    this.#folder = folder;
    const timer = setTimeout(() => process.kill("SIGKILL"), 60_000);
    for (const stream of [process.stdout, process.stderr]) stream.on("data", (chunk) => this.#output += chunk);
    this.ended = new Promise((resolve) =>
      process.once("close", (status) => {
        clearTimeout(timer);
        resolve(status);
      })
    );
  }

  /** Starts a command in a folder in which Postern is installed. */
  static async start({ install, command, files = [], env, bindsPorts = false }: Contents): Promise<Container> {
    const place = await scratch("container", { shared: true });
    const app = place.file("app");
    mkdirSync(app);
    await install(app);
    for (const file of files) copyFileSync(file, join(app, basename(file)));
    // Readable for all, as what is copied into an image.
    chmodSync(app, 0o755);
    const namespaces = ["--mount", ...bindsPorts ? ["--net"] : []];
    const args = [...namespaces, "sh", "-c", seclude, "sh", app, bindsPorts ? "+net_bind_service" : "-all", ...command];
    const path = `${binaries}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
    const child = spawn("unshare", args, { env: { PATH: path, ...env } });
    return new Container(child, place);
  }

  /** All that it printed. */
  get output(): string {
    return this.#output;
  }

  /** The first match in what it printed, once it is there. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    while (true) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(`${pattern} was never printed:\n${this.#output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await this.ended;
    await this.#folder[Symbol.asyncDispose]();
  }
}
