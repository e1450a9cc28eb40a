/** The flags of `serve` about the operation of the server itself. */

import type { Flag } from "./flags.ts";
import { port, text } from "./kind.ts";

/** HTTP beside SMTP, and transcripts. */
export const operations: readonly Flag[] = [
  {
    name: "http-port",
    sets: "http.port",
    kind: port,
    help: "serve /healthz, /readyz, /metrics and the app's HTTP routes there; 0 for any free port",
  },
  {
    name: "http-hostname",
    sets: "http.hostname",
    kind: text("ADDRESS"),
    default: "127.0.0.1",
    help: "the address for HTTP; whoever reaches it reads the metrics",
  },
  {
    name: "transcript",
    sets: "transcript",
    kind: text("DIR"),
    help: "write down there what is said in each session, without credentials and messages",
  },
];
