/** The server of a soak on Bun. */

import { serve } from "postern/bun";
import { endure } from "./server.ts";

await endure(serve);
