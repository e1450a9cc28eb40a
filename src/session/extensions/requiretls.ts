/**
 * REQUIRETLS (RFC 8689): the message may travel over verified TLS only, all the way.
 *
 * Off by default: who advertises it promises not to pass the message on otherwise, bounces included, and that is the
 * application's to keep. Offered under TLS alone.
 */

import type { Extension } from "../extensions.ts";
import * as replies from "../replies.ts";

export const requireTls: Extension = {
  advertise: ({ session }) => session.tls === undefined ? undefined : "REQUIRETLS",
  isOptIn: true,
  mailOctets: 11,
  mail: {
    REQUIRETLS(value, envelope) {
      if (value !== undefined) return replies.badParameter("REQUIRETLS");
      envelope.requireTls = true;
      return undefined;
    },
  },
};
