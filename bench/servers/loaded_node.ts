/** Postern on Node, under load. */

import { serve } from "postern/node";
import { endureLoad } from "./loaded.ts";

await endureLoad(serve);
