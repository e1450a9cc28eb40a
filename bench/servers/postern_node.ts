/** Postern on Node. */

import { serve } from "postern/node";
import { compete } from "./postern.ts";

await compete(serve);
