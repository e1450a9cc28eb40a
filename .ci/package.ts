/** What npm users get: the tarball, what it pulls in, and an empty project that has it. Nothing here asks a network. */

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
const root: string = fileURLToPath(new URL("../", import.meta.url));

/** Octets, files and packages: past one of these somebody should ask whether it is worth it. */
const limits = { packed: 500_000, unpacked: 1_700_000, packages: 100, installed: 40_000_000 } as const;

/** What may be in the tarball. */
const wanted =
  /^(?:dist\/(?:src|adapters)\/.+\.(?:js|d\.ts)|docs\/[a-z]+\.md|package\.json|(?:README|CHANGELOG|SECURITY)\.md|LICENSE)$/;

/** A package as npm would publish it. */
export interface Packed {
  readonly tarball: string;
  readonly files: readonly { readonly path: string }[];
  /** Octets of the tarball. */
  readonly size: number;
  readonly unpackedSize: number;
}

/**
 * Builds and packs.
 *
 * @param folder where the tarball goes.
 * @throws {Error} when `tsc` or `npm pack` fails, with what they said.
 */
export function pack(folder: string): Packed {
  run("node_modules/.bin/tsc", ["-p", "tsconfig.build.json"]);
  removeStale("dist");
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder]));
  return { ...packed, tarball: join(folder, packed.filename) };
}

/** The compiler leaves behind what it once made of a source that is gone. */
function removeStale(folder: string): void {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const source = path.slice(root.length).replace(/^dist\//, "").replace(/(?:\.d\.ts|\.js)$/, ".ts");
    if (statSync(join(root, source), { throwIfNoEntry: false }) === undefined) rmSync(path);
  }
}

/** What is in the tarball that should not be, and what is larger than it should be. */
export function packageProblems(packed: Packed): string[] {
  const pulledIn = dependencies();
  const installed = pulledIn.reduce((sum, { path }) => sum + sizeOf(path), 0);
  console.log(
    `     tarball ${kilobytes(packed.size)}, unpacked ${
      kilobytes(packed.unpackedSize)
    }, ${packed.files.length} files;` +
      ` pulls in ${pulledIn.length} packages, ${kilobytes(installed)}`,
  );
  const problems = packed.files.filter(({ path }) => !wanted.test(path)).map(({ path }) => `the tarball has ${path}`);
  const measured = {
    packed: packed.size,
    unpacked: packed.unpackedSize,
    packages: pulledIn.length,
    installed,
  };
  for (const [what, limit] of Object.entries(limits)) {
    const value = measured[what as keyof typeof measured];
    if (value > limit) problems.push(`${what}: ${value} is past the limit of ${limit} (.ci/package.ts)`);
  }
  return problems;
}

function kilobytes(octets: number): string {
  return `${Math.round(octets / 1000)} kB`;
}

/** Every package that an installation brings along, as the lock file has them. */
function dependencies(): { readonly name: string; readonly path: string }[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Record<string, { readonly dev?: boolean; readonly optional?: boolean; readonly peer?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([path, { dev, optional, peer }]) => path !== "" && !dev && !optional && !peer)
    .map(([path]) => ({ name: path.replace(/^node_modules\//, ""), path: join(root, path) }));
}

/** Octets of a package's files, without the packages that lie within it. */
function sizeOf(folder: string): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === "node_modules") continue;
    const path = join(folder, entry.name);
    sum += entry.isDirectory() ? sizeOf(path) : statSync(path).size;
  }
  return sum;
}

/**
 * Makes an empty project and installs the tarball into it, with what it depends on linked from this repository: a
 * package that is not declared as a dependency is not there.
 *
 * @param without names of dependencies to leave out.
 */
export function installInto(project: string, packed: Packed, without: readonly string[] = []): void {
  const modules = join(project, "node_modules");
  const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly bin: { postern: string } };
  const command = bin.postern;
  mkdirSync(join(modules, "postern"), { recursive: true });
  run("tar", ["-xzf", packed.tarball, "-C", join(modules, "postern"), "--strip-components=1"]);
  chmodSync(join(modules, "postern", command), 0o755);
  mkdirSync(join(modules, ".bin"));
  symlinkSync(join("../postern", command), join(modules, ".bin/postern"));
  for (const { name, path } of dependencies()) {
    if (name.includes("/node_modules/") || without.includes(name)) continue;
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(realpathSync(path), join(modules, name));
  }
  const manifest = { private: true, type: "module", dependencies: { postern: "*" } };
  writeFileSync(join(project, "package.json"), `${JSON.stringify(manifest)}\n`);
}

/** The names under which a program may import the package, as `postern/spf`. */
export function entryPoints(): string[] {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { exports: object };
  return Object.keys(exports).filter((name) => !name.endsWith(".json")).map((name) => `postern${name.slice(1)}`);
}

/** How strictly, and how, somebody else's compiler looks at our types. */
export interface Consumer {
  readonly isStrict: boolean;
  readonly resolution: "nodenext" | "bundler";
}

/** What the compiler says of a program that imports everything, declarations checked; empty when it is content. */
export function typeProblems(project: string, { isStrict, resolution }: Consumer): string {
  const imports = entryPoints().map((name, index) =>
    `import * as m${index} from "${name}";\nconsole.log(m${index});\n`
  );
  writeFileSync(join(project, "everything.ts"), imports.join(""));
  // deno-fmt-ignore
  const args = [
    "--noEmit", "--ignoreConfig", "--strict", String(isStrict), "--skipLibCheck", "false", "--target", "es2022",
    "--types", "node", "--typeRoots", join(root, "node_modules/@types"),
    "--module", resolution === "bundler" ? "esnext" : "nodenext", "--moduleResolution", resolution,
  ];
  const { stdout, status } = spawnSync(join(root, "node_modules/.bin/tsc"), [...args, "everything.ts"], {
    cwd: project,
    encoding: "utf8",
  });
  return status === 0 ? "" : stdout || `tsc ended with status ${status}`;
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? stdout + stderr}`);
  return stdout;
}
