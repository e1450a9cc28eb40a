/**
 * The one gate, `npm run check`: format, lint and import directions, types, whether the pages, the map and the two
 * manifests are true, and what is in the packages that are made of it all.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { undocumented } from "./documented.ts";
import { linkProblems, packedLinkProblems } from "./links.ts";
import { mapProblems } from "./map.ts";
import { installInto, pack, packageProblems, typeProblems } from "./package.ts";
import { referenceProblems } from "./reference.ts";
import { snippetProblems } from "./snippets.ts";

const root = new URL("../", import.meta.url);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

function read(file: string): Manifest {
  return JSON.parse(readFileSync(new URL(file, root), "utf8"));
}

/** Both registries offer the same doors, each to the same file, under the same version. */
function manifestProblems(): string[] {
  const npm = read("package.json");
  const jsr = read("deno.json");
  const problems: string[] = [];
  if (npm.version !== jsr.version) problems.push(`package.json is ${npm.version}, deno.json is ${jsr.version}`);
  const built = Object.entries(npm.exports).filter(([name]) => name !== "./package.json");
  const source = new Map(Object.entries(jsr.exports));
  for (const [name, target] of built) {
    const file = typeof target === "string" ? target : target.default;
    const wanted = file.replace(/^\.\/dist\//, "./").replace(/\.js$/, ".ts");
    if (source.get(name) !== wanted) problems.push(`"${name}" is ${wanted} on npm and ${source.get(name)} on JSR`);
    source.delete(name);
  }
  for (const name of source.keys()) problems.push(`"${name}" is exported on JSR alone`);
  return problems;
}

const steps: readonly (readonly [what: string, run: () => boolean])[] = [
  ["format", () => command("deno", "fmt", "--check", "--quiet")],
  ["lint and import directions", () => command("deno", "lint", "--quiet")],
  ["types", () => command("tsc", "--noEmit", "--project", ".")],
  ["types of what the pages show", () => isNone(snippetProblems())],
  ["types as Deno sees them", () => command("deno", "check", "--quiet", "src", "adapters/deno")],
  ["map of the house", () => isNone(mapProblems())],
  ["documentation of what is exported", () => isNone(undocumented(Object.values(read("deno.json").exports)))],
  ["links", () => isNone(linkProblems())],
  ["manifests", () => isNone(manifestProblems())],
  ["package for npm", () => {
    const folder = mkdtempSync(join(tmpdir(), "postern-package-"));
    try {
      const packed = pack(folder);
      installInto(folder, packed);
      const types = typeProblems(folder, { isStrict: true, resolution: "nodenext" });
      const links = packedLinkProblems(packed.files.map(({ path }) => path));
      return isNone([...packageProblems(packed), ...links, ...types === "" ? [] : [types]]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }],
  // After the package, which is built for it.
  ["reference", () => isNone(referenceProblems())],
  ["package for JSR", () => isNone(jsrProblems())],
];

/**
 * Whether JSR would take it. The registry's own type check knows neither Bun's types nor Node's, and the steps above
 * have been there: what is left to see is that every exported symbol has an explicit type, that every import has a
 * place there, and which files would go.
 */
function jsrProblems(): string[] {
  const args = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
  const { status, stdout, stderr } = spawnSync("deno", args, { cwd: root, encoding: "utf8" });
  const said = stdout + stderr;
  if (status !== 0) return [said];
  const files = [...said.matchAll(/^ +(file:\S+) \(/gm)].map(([, url = ""]) => url.slice(root.href.length));
  if (!files.includes("src/mod.ts")) return [`deno publish names no files:\n${said}`];
  return files.filter((file) =>
    !/^(?:(?:src|adapters)\/.+\.ts|docs\/[a-z]+\.md|[A-Z]+(?:\.md)?|deno\.json)$/.test(file)
  )
    .map((file) => `JSR would get ${file}`);
}

function isNone(problems: readonly string[]): boolean {
  for (const problem of problems) console.error(problem);
  return problems.length === 0;
}

function command(...[program, ...args]: [string, ...string[]]): boolean {
  return spawnSync(program, args, { stdio: "inherit", cwd: root }).status === 0;
}

let failures = 0;
for (const [what, run] of steps) {
  const isGood = run();
  console.log(`${isGood ? "ok  " : "FAIL"} ${what}`);
  if (!isGood) failures++;
}
process.exit(failures === 0 ? 0 : 1);
