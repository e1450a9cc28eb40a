/**
 * The reference, docs/reference.md: every entry point, every exported symbol, as its JSDoc and its declaration have it,
 * and every flag of the command.
 *
 * `npm run docs` builds and writes it; `npm run check` sees to it that it is up to date. What is exported, and the
 * prose, comes from `deno doc`; the declarations come from the compiler's own in `dist/`.
 */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root: string = fileURLToPath(new URL("../", import.meta.url));
const page = `${root}docs/reference.md`;

interface Tag {
  readonly kind: string;
  readonly name?: string;
  readonly doc?: string;
  readonly tsType?: { readonly repr?: string };
}

interface JsDoc {
  readonly doc?: string;
  readonly tags?: readonly Tag[];
}

interface Declaration {
  readonly kind: string;
  readonly location: { readonly filename: string };
  readonly jsDoc?: JsDoc;
}

interface Module {
  readonly module_doc?: JsDoc;
  readonly symbols: readonly { readonly name: string; readonly declarations: readonly Declaration[] }[];
}

/** What must be done to the page, if anything. */
export function referenceProblems(): string[] {
  const isSame = reference() === readFileSync(page, "utf8");
  return isSame ? [] : ["docs/reference.md is not what the sources say: run `npm run docs`, and commit it"];
}

function reference(): string {
  const { exports } = JSON.parse(readFileSync(`${root}deno.json`, "utf8")) as { exports: Record<string, string> };
  const modules = documented(Object.values(exports));
  /** Where each symbol is told of: by name and file, since a name may be exported by several entry points. */
  const told = new Map<string, string>();
  const parts = Object.entries(exports).map(([name, file]) => {
    const entryPoint = `postern${name.slice(1)}`;
    const module = modules.get(new URL(file, `file://${root}`).href);
    if (module === undefined) throw new Error(`deno doc says nothing of ${file}`);
    return chapter(entryPoint, module, told);
  });
  const contents = Object.keys(exports).map((name) => `postern${name.slice(1)}`)
    .map((name) => `[\`${name}\`](#${anchor(name)})`);
  return formatted([
    "# Reference",
    "Written by `npm run docs` from the sources: what is wrong here is wrong there. The [guide](guide.md) is where to begin.",
    `Entry points: ${contents.join(", ")}; and [the command](#the-command).`,
    ...parts,
    ...commands(),
  ].join("\n\n"));
}

/** What the command says of itself. */
function commands(): string[] {
  const helpOf = (...words: string[]) => {
    const text = run("bun", ["adapters/bun/cli.ts", ...words, "--help"]);
    return `\`\`\`\n${text.trimEnd()}\n\`\`\``;
  };
  return [
    "## The command",
    helpOf(),
    "### `postern serve`",
    helpOf("serve"),
    "### `postern forward`",
    helpOf("forward"),
  ];
}

function documented(files: readonly string[]): Map<string, Module> {
  const { nodes } = JSON.parse(run("deno", ["doc", "--json", ...files])) as { nodes: Record<string, Module> };
  return new Map(Object.entries(nodes));
}

function chapter(entryPoint: string, { module_doc, symbols }: Module, told: Map<string, string>): string {
  const lines = [`## \`${entryPoint}\``, ...prose(module_doc)];
  const elsewhere: string[] = [];
  const isType = (kind: string) => kind === "interface" || kind === "typeAlias";
  const inOrder = [...symbols].sort((a, b) =>
    Number(isType(a.declarations[0]!.kind)) - Number(isType(b.declarations[0]!.kind)) || (a.name < b.name ? -1 : 1)
  );
  for (const { name, declarations } of inOrder) {
    const [declaration] = declarations;
    const key = `${name} ${declaration!.location.filename}`;
    // What was imported and is passed on is known by its name alone.
    const isPassedOn = declaration!.kind === "reference";
    const where = told.get(isPassedOn ? [...told.keys()].find((known) => known.startsWith(`${name} `)) ?? key : key);
    if (where !== undefined) {
      elsewhere.push(`[\`${name}\`](#${anchor(name)}) of \`${where}\``);
      continue;
    }
    told.set(key, entryPoint);
    lines.push(`### \`${name}\``, ...prose(declarations.find(({ jsDoc }) => jsDoc !== undefined)?.jsDoc));
    lines.push(`\`\`\`ts\n${declared(name, declaration!)}\n\`\`\``);
  }
  if (elsewhere.length > 0) lines.push(`Exported here as well: ${elsewhere.join(", ")}.`);
  return lines.join("\n\n");
}

/** Text, parameters, errors and examples. */
function prose(jsDoc: JsDoc | undefined): string[] {
  const tags = jsDoc?.tags ?? [];
  const text = (doc: string | undefined) => (doc ?? "").trim().replace(/\{@link(?:code|plain)? ([^}]+)\}/g, "`$1`");
  const of = (...kinds: string[]) => tags.filter(({ kind }) => kinds.includes(kind));
  const listed = [
    ...of("param").map(({ name, doc }) => `- \`${name}\`: ${text(doc)}`),
    ...of("return").map(({ doc }) => `- Returns ${text(doc)}`),
    ...of("throws").map(({ doc, tsType }) => `- Throws \`${tsType?.repr ?? "Error"}\` ${text(doc)}`),
  ].map((line) => line.replaceAll("\n", "\n  ").trim());
  return [text(jsDoc?.doc), listed.join("\n"), ...of("example").map(({ doc }) => text(doc))]
    .filter((part) => part !== "");
}

/** The declaration of a symbol, without what stands before it, and without the examples within. */
function declared(name: string, { location }: Declaration): string {
  const source = location.filename.slice(`file://${root}`.length);
  const text = readFileSync(`${root}dist/${source.replace(/\.ts$/, ".d.ts")}`, "utf8");
  const starts = new RegExp(
    `^export (?:declare )?(?:abstract )?(?:function|class|interface|type|const) ${name}\\b`,
    "gm",
  );
  const found = [...text.matchAll(starts)].map(({ index }) => text.slice(index, endOf(text, index)));
  if (found.length === 0) throw new Error(`dist has no declaration of ${name} from ${source}: build, and try again`);
  return found.join("\n")
    .replace(/^export (?:declare )?/gm, "")
    .replace(/^ *#private;\n/gm, "")
    .replace(/\n *\* @example\n[^]*?(?=\n *(?:\*\/|\* @))/g, "")
    .replace(/(?:\n *\*)+(?=\n *\*\/)/g, "")
    .replace(/\{@link(?:code)? ([^}]+)\}/g, "`$1`");
}

/** Where a declaration ends: behind its closing brace, or its semicolon outside of all brackets. */
function endOf(text: string, start: number): number {
  const isBlock = /^export (?:declare )?(?:abstract )?(?:class|interface) /.test(text.slice(start, start + 60));
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text.startsWith("/*", at)) at = text.indexOf("*/", at) + 1;
    else if ("({[".includes(text[at]!)) depth++;
    else if (")}]".includes(text[at]!)) {
      depth--;
      if (isBlock && depth === 0 && text[at] === "}") return at + 1;
    } else if (!isBlock && depth === 0 && text[at] === ";") return at + 1;
  }
  throw new Error(`A declaration has no end: ${text.slice(start, start + 80)}`);
}

/** As GitHub makes it of a heading. */
function anchor(heading: string): string {
  return heading.toLowerCase().replace(/[^a-z0-9 -]/g, "").replaceAll(" ", "-");
}

function formatted(markdown: string): string {
  return run("deno", ["fmt", "--ext", "md", "-"], markdown);
}

function run(program: string, args: readonly string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 100_000_000,
    ...(input === undefined ? {} : { input }),
  });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? stderr}`);
  return stdout;
}

if (process.argv.includes("--write")) writeFileSync(page, reference());
