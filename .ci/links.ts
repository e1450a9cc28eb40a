/** Whether the links between the pages lead somewhere. Those to other sites are not followed. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root: string = fileURLToPath(new URL("../", import.meta.url));

/** Links to files that are not there, and to headings that no page has. */
export function linkProblems(): string[] {
  const pages = ["", "docs", "examples", "test"].flatMap((folder) =>
    readdirSync(join(root, folder)).filter((name) => name.endsWith(".md")).map((name) => join(root, folder, name))
  );
  return pages.flatMap((page) =>
    [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target)
      .filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(page, target))
      .map((target) => `${relative(root, page)} links to ${target}, which is not there`)
  );
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path = "", heading] = target.split("#");
  const file = path === "" ? page : join(dirname(page), path);
  if (!existsSync(file)) return false;
  return heading === undefined || headingsOf(file).includes(heading);
}

/** As GitHub makes anchors of them; of two alike the second would have a number, which nobody links to here. */
function headingsOf(page: string): string[] {
  return [...withoutCode(page).matchAll(/^#+ (.+)$/gm)]
    .map(([, text = ""]) => text.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"));
}

function withoutCode(page: string): string {
  return readFileSync(page, "utf8").replace(/^```[^]*?^```$/gm, "");
}
