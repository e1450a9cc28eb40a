import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { sendMail } from "./client.ts";
import { Command, root, run, runtimeNames } from "./command.ts";

const folder = mkdtempSync(join(tmpdir(), "postern-entry-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** What may be named, and the folder from which. */
const entries: readonly [what: string, entry: string, cwd: string][] = [
  ["a Postern in TypeScript", "test/cli/entries/postern.ts", root],
  ["a Hono app", "./test/cli/entries/hono.ts", root],
  ["a function, by its absolute path", join(root, "test/cli/entries/function.ts"), root],
  ["an object with fetch, by its file URL", pathToFileURL(join(root, "test/cli/entries/fetch.ts")).href, root],
  ["a package", "mail-app", folder],
  ["a file in CommonJS", "common.cjs", folder],
  ["an app with a copy of postern of its own", "copy/app.ts", folder],
];
write("node_modules/mail-app/package.json", '{ "name": "mail-app", "type": "module", "exports": "./app.js" }');
const deliver =
  'const deliver = () => new Response("thanks from bob, true", { headers: { "content-type": "text/plain" } });\n';
write("node_modules/mail-app/app.js", `${deliver}export default deliver;\n`);
write("common.cjs", `${deliver}exports.__esModule = true;\nexports.default = deliver;\n`);
write("package.json", "{}");
write(
  "copy/app.ts",
  'import { Postern } from "postern";\nconst app: Postern = new Postern();\n' +
    'app.deliver("bob@example.com", (c) => c.text("thanks from bob, true"));\nexport default app;\n',
);
for (const name of ["dist", "package.json"]) {
  cpSync(join(root, name), join(folder, "node_modules/postern", name), { recursive: true });
}
for (const name of ["hono", "mailparser", "@logtape", "ipaddr.js"]) {
  symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
}

describe.each(runtimeNames)("%s serves", (runtime) => {
  test.each(entries)("%s", async (_, entry, cwd) => {
    const command = new Command(runtime, ["serve", entry, "--port", "0", "--hostname", "127.0.0.1"], {}, cwd);
    try {
      const replies = await sendMail(await command.port(), { from: "a@x.test", to: ["bob@example.com"] });
      expect(replies.at(-2)).toBe("250 2.0.0 thanks from bob, true");
    } finally {
      command.child.kill();
    }
    expect(await command.ended).toMatchObject({ status: 0, stderr: "" });
  }, 30_000);
});

/** What cannot be served: one line, and what it says. */
const failures: readonly [what: string, entry: string, line: RegExp][] = [
  [
    "a missing file",
    "nowhere/app.ts",
    /^postern: cannot load nowhere\/app\.ts: there is no such file \(looked for \/.*\)$/,
  ],
  ["a folder", "./src", /^postern: cannot load \.\/src: it is a directory; name the file that exports the app$/],
  [
    "a missing package",
    "no-such-mail-app",
    /^postern: cannot load no-such-mail-app: there is no such file, and no package of that name/,
  ],
  [
    "a missing file URL",
    "file:///nowhere/app.ts",
    /^postern: cannot load file:\/\/\/nowhere\/app\.ts: there is no such file/,
  ],
  [
    "no default export",
    write("none.ts", "export const app = 1;\n"),
    /^postern: cannot serve .*none\.ts: it has no default export; add "export default app"$/,
  ],
  [
    "a number",
    write("number.ts", "export default 42;\n"),
    /^postern: cannot serve .*number\.ts: its default export is a value of type number: give a Postern, /,
  ],
  [
    "an object without fetch",
    write("object.ts", "export default {};\n"),
    /^postern: cannot serve .*object\.ts: its default export is a value of type object: give /,
  ],
  [
    "null",
    write("null.ts", "export default null;\n"),
    /^postern: cannot serve .*null\.ts: its default export is null: give /,
  ],
  [
    "a throw while loading",
    write(
      "throws.ts",
      'const list: string[] = [];\n\nif (list.length === 0) throw new RangeError("no list\\nat all");\nexport default list;\n',
    ),
    /^postern: cannot load .*throws\.ts: RangeError: no list at all \(throws\.ts:3:\d+\)$/,
  ],
  [
    "a throw of no error",
    write("string.ts", 'throw "just\\x1b[31m text";\n'),
    /^postern: cannot load .*string\.ts: just\\x1b\[31m text$/,
  ],
  [
    "an error with a stack that is none",
    write("stackless.ts", 'throw Object.assign(new RangeError("no list"), { stack: 7, code: Object.create(null) });\n'),
    /^postern: cannot load .*stackless\.ts: RangeError: no list$/,
  ],
  ["bad syntax", write("syntax.ts", "export default const;\n"), /^postern: cannot load .*syntax\.ts: .+$/],
  [
    "a missing import",
    write("import.ts", 'import "./not-there.ts";\nexport default () => new Response();\n'),
    /^postern: cannot load .*import\.ts: .*not-there.*$/,
  ],
];

describe.each(runtimeNames)("%s says in one line, status 1, what is wrong with", (runtime) => {
  test.each(failures)("%s", async (_, entry, line) => {
    const { status, stdout, stderr } = await run(runtime, ["serve", entry, "--port", "0"]);
    expect(stderr.trimEnd()).toMatch(line);
    expect({ status, stdout, lines: stderr.split("\n").length }).toEqual({ status: 1, stdout: "", lines: 2 });
  }, 30_000);

  test("and shows the stack to those who look for bugs", async () => {
    const { status, stderr } = await run(runtime, ["serve", join(folder, "throws.ts"), "--log-level", "debug"]);
    expect(stderr).toMatch(/^postern: cannot load .*\n(?:.*\n)*caused by RangeError: no list\n/);
    expect(stderr).toMatch(/\n +at .*throws\.ts/);
    expect(status).toBe(1);
  }, 30_000);
});
