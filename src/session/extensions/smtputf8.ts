/** SMTPUTF8 (RFC 6531): addresses and header fields beyond ASCII. */

import type { Extension } from "../extensions.ts";
import * as replies from "../replies.ts";

export const smtputf8: Extension = {
  advertise: () => "SMTPUTF8",
  mailOctets: 10,
  mail: {
    SMTPUTF8(value, envelope) {
      // "The parameter does not accept a value" (section 3.4).
      if (value !== undefined) return replies.badParameter("SMTPUTF8");
      envelope.smtputf8 = true;
      return undefined;
    },
  },
};
