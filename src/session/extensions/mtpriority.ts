/**
 * MT-PRIORITY (RFC 6710): how urgent the message is, from -9 to 9.
 *
 * Off by default: who advertises it promises to treat messages accordingly, and to pass the priority on.
 */

import type { Extension } from "../extensions.ts";
import * as replies from "../replies.ts";

export const mtPriority: Extension = {
  advertise: () => "MT-PRIORITY",
  isOptIn: true,
  mailOctets: 15,
  mail: {
    "MT-PRIORITY"(value, envelope) {
      if (value === undefined || !/^(?:0|-?[1-9])$/.test(value)) return replies.badParameter("MT-PRIORITY");
      envelope.priority = Number(value);
      return undefined;
    },
  },
};
