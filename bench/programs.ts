/** How each runtime is started, and how a TypeScript file is made ready for it. */

import { mkdirSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { RuntimeName } from "../test/runtime.ts";

export const root: string = fileURLToPath(new URL("../", import.meta.url));
/** What the benchmark makes and fetches; not under version control. */
export const scratch: string = `${root}.scratch/`;

/** How each runtime runs a file that is ready for it. */
export const interpreters: Readonly<Record<RuntimeName, readonly string[]>> = {
  bun: [process.execPath],
  deno: [`${root}node_modules/.bin/deno`, "run", "-A", "--cached-only"],
  node: ["node"],
};

/** Builds dist/, which is what Node serves. */
export async function build(): Promise<void> {
  const child = Bun.spawn([`${root}node_modules/.bin/tsc`, "-p", "tsconfig.build.json"], { cwd: root });
  if (await child.exited !== 0) throw new Error("Cannot build dist/: see `npm run build`");
}

/**
 * The file as the runtime can run it: Bun and Deno as it is, Node as one file of JavaScript that imports the build of
 * Postern in dist/, as a user's would.
 *
 * @param file a path below the root, such as `bench/servers/postern_node.ts`.
 */
export async function ready(runtime: RuntimeName, file: string): Promise<string> {
  if (runtime !== "node") return `${root}${file}`;
  mkdirSync(`${scratch}bench`, { recursive: true });
  const made = await Bun.build({
    entrypoints: [`${root}${file}`],
    outdir: `${scratch}bench`,
    naming: "[name].mjs",
    target: "node",
    packages: "external",
    plugins: [{
      name: "postern from dist/",
      setup(builder) {
        builder.onResolve({ filter: /^postern(?:\/|$)/ }, ({ path }) => ({ path, external: true }));
      },
    }],
  });
  if (!made.success) throw new AggregateError(made.logs, `Cannot make ${file} ready for Node`);
  return `${scratch}bench/${basename(file, ".ts")}.mjs`;
}

/** What a runtime says its version is. */
export function runtimeVersion(runtime: RuntimeName): string {
  const [program = ""] = interpreters[runtime];
  const text = Bun.spawnSync([program, "--version"]).stdout.toString();
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? "unknown";
}
