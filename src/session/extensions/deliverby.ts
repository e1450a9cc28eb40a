/**
 * DELIVERBY (RFC 2852): the message is of use only for so long.
 *
 * Off by default: who advertises it promises to return late messages, or to tell the sender.
 */

import { parseDeliverBy } from "../../protocol/deliverby.ts";
import type { Extension } from "../extensions.ts";
import * as replies from "../replies.ts";

export const deliverBy: Extension = {
  advertise: () => "DELIVERBY",
  isOptIn: true,
  mailOctets: 17,
  mail: {
    BY(value, envelope) {
      const by = parseDeliverBy(value);
      if (by === undefined) return replies.badParameter("BY");
      envelope.deliverBy = by;
      return undefined;
    },
  },
};
