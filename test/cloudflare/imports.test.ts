/** What is loaded before anything runs: a platform without files and sockets must be able to import the app. */

import { expect, test } from "bun:test";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";

/** The modules of Node that an entry needs in order to be imported, not those that it may ask for later. */
async function platformModules(entry: string): Promise<string[]> {
  const path = fileURLToPath(new URL(`../../src/${entry}`, import.meta.url));
  const lazy = new Set<string>();
  const found = new Set<string>();
  await Bun.build({
    entrypoints: [path],
    target: "browser",
    external: ["hono", "hono/*", "@logtape/logtape", "ipaddr.js"],
    plugins: [{
      name: "watch",
      setup(build) {
        build.onResolve({ filter: /.*/ }, ({ path, kind }) => {
          if (kind === "dynamic-import") {
            lazy.add(path);
            return { path, external: true };
          }
          if (!isBuiltin(path)) return undefined;
          found.add(path);
          return { path, external: true };
        });
      },
    }],
  });
  expect(lazy.size).toBeGreaterThan(0);
  return [...found].toSorted();
}

// SASL needs the first, a watch over certificates the second; such platforms have both.
test.each([["mod.ts"], ["cloudflare/mod.ts"], ["forward/mod.ts"]])(
  "%s imports neither files nor sockets",
  async (entry) => {
    const allowed = ["node:crypto", "node:timers"];
    expect((await platformModules(entry)).filter((name) => !allowed.includes(name))).toEqual([]);
  },
);
