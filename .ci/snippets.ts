/** Whether the programs that the pages show compile as the house itself does. The tests run them. */

import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pages, snippetsOf } from "../test/documentation.ts";

const root: string = fileURLToPath(new URL("../", import.meta.url));

/** What the compiler says of them, with the page and the place within its program; empty when it is content. */
export function snippetProblems(): string[] {
  // Inside the repository, so that `import "postern"` finds it.
  const folder = `${root}.scratch/pages`;
  mkdirSync(folder, { recursive: true });
  try {
    for (const page of pages().filter((file) => file.endsWith(".md"))) {
      for (const [index, code] of snippetsOf(page).entries()) {
        writeFileSync(`${folder}/${page.replace(/\W/g, "-")}-${index + 1}.ts`, `${code}export {};\n`);
      }
    }
    // A program need not annotate what it exports, nor use each parameter it shows.
    const compilerOptions = { isolatedDeclarations: false, declaration: false };
    writeFileSync(
      `${folder}/tsconfig.json`,
      JSON.stringify({ extends: `${root}tsconfig.json`, compilerOptions, include: ["."] }),
    );
    const { status, stdout } = spawnSync("tsc", ["--noEmit", "--project", folder], { cwd: root, encoding: "utf8" });
    return status === 0 ? [] : [stdout];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
