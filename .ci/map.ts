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
    ...Object.keys(dependencies).filter((name) => !text.includes(`\n| ${name} `))
      .map((name) => `the libraries in CONTRIBUTING do not tell what ${name} is for`),
    ...["src", "adapters"].flatMap((folder) => tooLong(folder, text)),
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
