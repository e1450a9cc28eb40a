#!/usr/bin/env bun
/** The command line on Bun: `bun adapters/bun/cli.ts serve app.ts`. */

import { main } from "../../src/cli/main.ts";
import { serve } from "./mod.ts";

await main(serve);
