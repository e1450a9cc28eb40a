#!/usr/bin/env node
/**
 * The command line on Node: `postern serve app.ts`. The package's `bin` is this one, so that another runtime may run
 * it, too, as with `bunx --bun postern`: then it serves with that runtime's own adapter.
 */

import process from "node:process";
import { main } from "../../src/cli/main.ts";

const { serve } = process.versions["bun"] !== undefined
  ? await import("../bun/mod.ts")
  : process.versions["deno"] !== undefined
  ? await import("../deno/mod.ts")
  : await import("./mod.ts");

await main(serve);
