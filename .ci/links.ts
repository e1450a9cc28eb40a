/** Whether the links between the pages lead somewhere. Those to other sites are not followed. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root: string = fileURLToPath(new URL("../", import.meta.url));

/** What pages of the package link to although it is in the repository alone, as the README says. */
const outside = /^(?:CONTRIBUTING\.md|bench\/RESULTS\.md|test\/CONFORMANCE\.md|examples(?:\/.*)?)$/;

/** Links to files that are not there, and to headings that no page has. */
export function linkProblems(): string[] {
  const pages = ["", "docs", "examples", "test"].flatMap((folder) =>
    readdirSync(join(root, folder)).filter((name) => name.endsWith(".md")).map((name) => join(root, folder, name))
  );
  return pages.flatMap((page) =>
    linksOf(page).filter((target) => !leadsSomewhere(page, target))
      .map((target) => `${relative(root, page)} links to ${target}, which is not there`)
  );
}

/**
 * Links on pages of a package to what is not in it.
 *
 * @param files all that is in it, as paths from its root.
 */
export function packedLinkProblems(files: readonly string[]): string[] {
  const packed = new Set(files);
  return files.filter((file) => file.endsWith(".md")).flatMap((page) =>
    linksOf(join(root, page)).filter((target) => !target.startsWith("#"))
      .map((target) => join(dirname(page), target.split("#")[0]!))
      .filter((path) => !packed.has(path) && !outside.test(path))
      .map((path) => `${page} links to ${path}, which is not in the package`)
  );
}

/** The targets of a page's links, but for those to other sites. */
function linksOf(page: string): string[] {
  return [...withoutCode(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
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
