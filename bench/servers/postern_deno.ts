/** Postern on Deno. */

import { serve } from "postern/deno";
import { compete } from "./postern.ts";

await compete(serve);
