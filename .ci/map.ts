/** Whether what CONTRIBUTING says of the house is so: its map, its libraries, and that no file has outgrown its room. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root: string = fileURLToPath(new URL("../", import.meta.url));

/** Past this many lines a concept wants a file of its own, or a sentence that says why not. */
const mostLines = 250;

/** What is in `src` and not on the map, or the other way round; libraries without a reason; files that are too long. */
export function mapProblems(): string[] {
  const text = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { dependencies: object };
  const { imports } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")) as { imports: Record<string, string> };
  const fromJsr = Object.keys(imports).filter((name) => imports[name]!.startsWith("jsr:"));
  const [, map = ""] = /^```\n(src\/\n[^]*?)^```$/m.exec(text) ?? [];
  const named = new Set([...map.matchAll(/[\w.-]+(?:\/|\.ts\b)/g)].map(([name]) => name));
  const there = readdirSync(join(root, "src"), { withFileTypes: true })
    .map((entry) => entry.isDirectory() ? `${entry.name}/` : entry.name);
  const inSrc = /^src\/\n((?: .*\n)+)/.exec(map)?.[1] ?? "";
  const gone = [...inSrc.matchAll(/^ {2}((?:[\w-]+\/ ?)+)/gm)].flatMap(([, names = ""]) => names.trim().split(" "))
    .filter((name) => !there.includes(name));
  return [
    ...there.filter((name) => !named.has(name)).map((name) => `the map in CONTRIBUTING does not name src/${name}`),
    ...gone.map((name) => `the map in CONTRIBUTING names src/${name}, which is not there`),
    ...adapterProblems(map),
    ...[...Object.keys(dependencies), ...fromJsr].filter((name) => !text.includes(`\n| ${name} `))
      .map((name) => `the libraries in CONTRIBUTING do not tell what ${name} is for`),
    ...["src", "adapters"].flatMap((folder) => tooLong(folder, text)),
  ];
}

/** A file that each runtime has is on the map by its name, and one that is a runtime's own by the runtime's, too. */
function adapterProblems(map: string): string[] {
  const [, line = ""] = /^adapters\/RUNTIME\/ ([^]*?)^\S/m.exec(map) ?? [];
  const named = [...line.matchAll(/(?:[\w-]+\/)?[\w-]+\.ts\b/g)].map(([name]) => name);
  const runtimes = readdirSync(join(root, "adapters"));
  const files = runtimes.flatMap((runtime) =>
    readdirSync(join(root, "adapters", runtime)).map((name) => ({ name, own: `${runtime}/${name}` }))
  );
  const isEverywhere = (name: string) => files.filter((file) => file.name === name).length === runtimes.length;
  return [
    ...[...new Set(files.map(({ name, own }) => isEverywhere(name) ? name : own))].filter((name) =>
      !named.includes(name)
    )
      .map((name) => `the map in CONTRIBUTING does not name adapters/${name}`),
    ...named.filter((name) => !(name.includes("/") ? files.some(({ own }) => own === name) : isEverywhere(name)))
      .map((name) => `the map in CONTRIBUTING names adapters/${name}, which is not there, or not on each runtime`),
  ];
}

function tooLong(folder: string, text: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
    .map((name) => ({
      file: `${folder}/${name}`,
      lines: readFileSync(join(root, folder, name), "utf8").split("\n").length - 1,
    }))
    .filter(({ file, lines }) => lines > mostLines && !text.includes(`\`${file}\``))
    .map(({ file, lines }) =>
      `${file} has ${lines} lines: past ${mostLines} it is taken apart, or CONTRIBUTING says why it is not`
    );
}
