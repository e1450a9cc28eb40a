/** The server of a soak on Node. */

import { serve } from "postern/node";
import { endure } from "./server.ts";

await endure(serve);
