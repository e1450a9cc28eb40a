/** CHUNKING (RFC 3030 section 2): BDAT, in `verbs/bdat.ts`. On by default: it promises nothing that DATA does not. */

import type { Extension } from "../extensions.ts";

export const chunking: Extension = { advertise: () => "CHUNKING" };
