/** The programs that the documentation shows. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RuntimeName } from "./runtime.ts";

const root: string = fileURLToPath(new URL("../", import.meta.url));

/** The files that show some: pages, and the sources for the examples of their JSDoc. Paths from the repository's root. */
export function pages(): string[] {
  return ["README.md", "docs", "src", "adapters"].flatMap(filesBelow)
    // The reference repeats what the sources show, beside declarations that are no programs.
    .filter((file) => /\.(?:md|ts)$/.test(file) && file !== "docs/reference.md");
}

function filesBelow(path: string): string[] {
  const stats = statSync(join(root, path), { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats === undefined ? [] : [path];
  return readdirSync(join(root, path)).sort().flatMap((name) => filesBelow(join(path, name)));
}

/** The blocks of a page in a language, in their order, to be run on any machine: port 2525 may be taken. */
export function snippetsOf(file: string, language: "ts" | "js" = "ts"): string[] {
  const text = readFileSync(join(root, file), "utf8");
  const source = file.endsWith(".md") ? text : text.replace(/^[ \t]*\*[ ]?/gm, "");
  return [...source.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map(([, code = ""]) =>
    code.replace(/port: 2525(?:, hostname: "127\.0\.0\.1")?/g, 'port: 0, hostname: "127.0.0.1"').replace(
      /listen\(2525,/g,
      "listen(0,",
    )
  );
}

/** What the README shows first of all that serves itself, as it is on a runtime. It is JavaScript as well. */
export function firstExample(runtime: RuntimeName): string {
  return snippetsOf("README.md").find((code) => code.includes("await serve(app"))!.replace(
    "postern/bun",
    `postern/${runtime}`,
  );
}
