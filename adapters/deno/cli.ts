#!/usr/bin/env -S deno run -A
/** The command line on Deno: `deno run -A adapters/deno/cli.ts serve app.ts`. */

import { main } from "../../src/cli/main.ts";
import { serve } from "./mod.ts";

await main(serve);
