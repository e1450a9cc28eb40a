/**
 * PRDR (draft-hall-prdr): a client that asks for it gets a reply for each recipient of its message.
 *
 * On by default: the replies are there anyway, and without it mail that only some recipients take has to be sent again.
 * LMTP has such replies of its own.
 */

import type { Extension } from "../extensions.ts";
import * as replies from "../replies.ts";

export const prdr: Extension = {
  advertise: ({ options }) => options.protocol === "lmtp" ? undefined : "PRDR",
  mailOctets: 5,
  mail: {
    PRDR(value, envelope) {
      if (value !== undefined) return replies.badParameter("PRDR");
      envelope.prdr = true;
      return undefined;
    },
  },
};
