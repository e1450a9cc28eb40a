/** Postern on Deno, under load. */

import { serve } from "postern/deno";
import { endureLoad } from "./loaded.ts";

await endureLoad(serve);
