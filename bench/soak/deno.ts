/** The server of a soak on Deno. */

import { serve } from "postern/deno";
import { endure } from "./server.ts";

await endure(serve);
