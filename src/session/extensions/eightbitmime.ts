/** 8BITMIME (RFC 6152): the message may hold octets above 127. They are kept whatever was declared. */

import type { Extension } from "../extensions.ts";
import * as replies from "../replies.ts";

export const eightBitMime: Extension = {
  advertise: () => "8BITMIME",
  mailOctets: 17,
  mail: {
    BODY(value, envelope) {
      const body = value?.toUpperCase();
      if (body !== "7BIT" && body !== "8BITMIME") return replies.badParameter("BODY");
      envelope.body = body;
      return undefined;
    },
  },
};
