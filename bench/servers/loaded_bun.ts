/** Postern on Bun, under load. */

import { serve } from "postern/bun";
import { endureLoad } from "./loaded.ts";

await endureLoad(serve);
