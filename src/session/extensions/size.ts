/** SIZE (RFC 1870): the client says how much it will send, the server how much it takes. */

import { parseSize } from "../../protocol/size.ts";
import type { Extension } from "../extensions.ts";
import * as replies from "../replies.ts";

export const size: Extension = {
  // 0 is no fixed maximum (section 4).
  advertise: ({ options }) => `SIZE ${Number.isSafeInteger(options.maxSize) ? options.maxSize : 0}`,
  mailOctets: 26,
  mail: {
    SIZE(value, envelope, { options }) {
      const octets = parseSize(value);
      if (octets === undefined) return replies.sizeSyntax;
      if (octets > options.maxSize) return replies.tooLarge;
      envelope.size = octets;
      return undefined;
    },
  },
};
