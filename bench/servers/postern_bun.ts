/** Postern on Bun. */

import { serve } from "postern/bun";
import { compete } from "./postern.ts";

await compete(serve);
