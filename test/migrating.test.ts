/** What docs/migrating.md shows before, and after: both run, and must answer alike. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sendMail } from "./cli/client.ts";
import { root } from "./cli/command.ts";
import { snippetsOf } from "./documentation.ts";
import { Program } from "./program.ts";

const page = "docs/migrating.md";
/** Inside the repository, so that packages are found. */
const folder = join(root, ".scratch", "migrating");

beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, code: string): string {
  writeFileSync(join(folder, name), code);
  return join(folder, name);
}

/** The block of a language that has a text in it. */
function blockWith(text: string, language: "ts" | "js"): string {
  const block = snippetsOf(page, language).find((code) => code.includes(text));
  if (block === undefined) throw new Error(`${page} shows no ${language} with ${text}`);
  return block;
}

const hasPeer = existsSync(join(root, "node_modules", "smtp-server"));
if (!hasPeer) console.log("smtp-server is not installed: what is shown of it is not run");

describe.skipIf(!hasPeer)("smtp-server", () => {
  const programs = {
    before: () => written("before.mjs", blockWith('from "smtp-server"', "js")),
    after: () => written("after.mjs", blockWith('from "postern/node"', "ts")),
  };
  test.each(["before", "after"] as const)("%s: takes what is for support, and refuses the rest", async (side) => {
    await using program = Program.ofFile("node", programs[side](), root);
    const port = Number((await program.printed(/listening on port (\d+)/))[1]);
    const data = "Subject: Before and after\r\n\r\nHello\r\n";
    const from = "alice@example.org";
    const [, , , accepted, start, taken] = await sendMail(port, { from, to: ["Support@example.com"], data });
    expect([accepted, start, taken].map((reply) => reply?.slice(0, 3))).toEqual(["250", "354", "250"]);
    expect(taken).toEndWith("Thanks");
    await program.printed(/Before and after/);
    const refused = await sendMail(port, { from, to: ["nobody@example.com"], data });
    expect(refused[3]).toStartWith("550");
  }, 90_000);
});

describe("Cloudflare Email Workers", () => {
  const programs = {
    before: () => written("before.js", blockWith("async email(message", "js")),
    after: () => written("after.ts", blockWith("email: email(app)", "ts")),
  };
  test.each(["before", "after"] as const)("%s: takes what is for support, and rejects the rest", async (side) => {
    const { default: worker } = await import(programs[side]());
    const rejections: string[] = [];
    for (const to of ["support@example.com", "nobody@example.com"]) {
      await worker.email(
        {
          from: "alice@example.org",
          to,
          headers: new Headers({ subject: "Hi" }),
          raw: new Blob(["Subject: Hi\r\n\r\nHello\r\n"]).stream(),
          rawSize: 22,
          setReject: (reason: string) => rejections.push(`${to}: ${reason}`),
        },
        {},
        { waitUntil() {} },
      );
    }
    expect(rejections).toEqual([expect.stringMatching(/^nobody@example\.com: \S/)]);
  });
});
