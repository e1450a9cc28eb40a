/** The guide's forwarder and its function, as they stand on the page, against each other. */

import { afterAll, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Postern } from "postern";
import { send } from "postern/testing";
import { snippetsOf } from "../documentation.ts";

/** Inside the repository, so that `import "postern"` finds it. */
const folder = join(import.meta.dir, "../../.scratch/guide");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const snippets = snippetsOf("docs/guide.md");
const mail = { from: "alice@example.org", to: "support@example.com", data: "Subject: Hi\n\nHello\n" };

/** The app of the one snippet that contains a text. */
async function appWith(text: string, url?: string): Promise<Postern> {
  const [code = "", ...others] = snippets.filter((snippet) => snippet.includes(text));
  expect(others).toEqual([]);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${Bun.hash(code)}.ts`);
  writeFileSync(
    path,
    url === undefined
      ? code
      : code.replace("https://app.example/inbound", url).replace(/\{ (secret.*?) \}\)/, "{ $1, allowPrivate: true })"),
  );
  return (await import(path)).default;
}

test("the function takes what the forwarder without a format sends, and nothing else", async () => {
  const app = await appWith("receive(app, { secret })");
  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => app.fetch(request) });
  const url = new URL("/inbound", server.url).href;
  expect((await send(await appWith('inbound", { secret })', url), mail)).data?.raw).toBe("250 2.0.0 Thanks");
  expect((await send(await appWith('inbound", { secret, format: "json" })', url), mail)).data?.code).toBe(451);
});
