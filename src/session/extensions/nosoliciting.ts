/**
 * NO-SOLICITING (RFC 3865): the sender names the classes of solicitation that the message belongs to.
 *
 * Off by default: it is a sign on the door, which the application puts up, and by which it then has to judge.
 */

import type { Extension } from "../extensions.ts";
import * as replies from "../replies.ts";

/** Words of letters, digits, `.`, `-`, `_` and `:` that begin with a letter (section 2.2). */
const keywords = /^[A-Za-z][\w.:-]*(?:,[A-Za-z][\w.:-]*)*$/;

/** Section 2.2: the list has at most 1000 characters. */
const longest = 1000;

export const noSoliciting: Extension = {
  advertise: () => "NO-SOLICITING",
  isOptIn: true,
  mailOctets: " SOLICIT=".length + longest,
  mail: {
    SOLICIT(value, envelope) {
      if (value === undefined || value.length > longest || !keywords.test(value)) {
        return replies.badParameter("SOLICIT");
      }
      envelope.solicitations = value.split(",");
      return undefined;
    },
  },
};
