/** LogTape as in production: a JSON line for each session and each message, on standard output, in few writes. */

import process from "node:process";
import { configureSync, getJsonLinesFormatter } from "@logtape/logtape";

const format = getJsonLinesFormatter({ properties: "flatten" });
let pending = "";

/** Begins to log at the level `info`. */
export function configureLog(): void {
  configureSync({
    sinks: {
      stdout(record) {
        if (pending === "") setImmediate(flush);
        pending += format(record);
      },
    },
    loggers: [
      { category: [], sinks: ["stdout"], lowestLevel: "info" },
      { category: ["logtape", "meta"], sinks: ["stdout"], parentSinks: "override", lowestLevel: "warning" },
    ],
  });
}

function flush(): void {
  process.stdout.write(pending);
  pending = "";
}
