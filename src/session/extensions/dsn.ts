/**
 * DSN (RFC 3461): the sender says of what it wants to be told.
 *
 * Off by default: who advertises it promises to send delivery status notifications, or to pass the wishes on. The
 * server sends no mail of its own; an application that does can switch it on.
 */

import { parseEnvid, parseNotify, parseOrcpt, parseRet } from "../../protocol/dsn.ts";
import type { Extension } from "../extensions.ts";
import * as replies from "../replies.ts";

export const dsn: Extension = {
  advertise: () => "DSN",
  isOptIn: true,
  mailOctets: 500,
  rcptOctets: 500,
  mail: {
    RET(value, envelope) {
      const ret = parseRet(value);
      if (ret === undefined) return replies.badParameter("RET");
      envelope.dsn = { ...envelope.dsn, ret };
      return undefined;
    },
    ENVID(value, envelope) {
      const envid = parseEnvid(value);
      if (envid === undefined) return replies.badParameter("ENVID");
      envelope.dsn = { ...envelope.dsn, envid };
      return undefined;
    },
  },
  rcpt: {
    NOTIFY(value, recipient) {
      const notify = parseNotify(value);
      if (notify === undefined) return replies.badParameter("NOTIFY");
      recipient.dsn = { ...recipient.dsn, notify };
      return undefined;
    },
    ORCPT(value, recipient, { transaction }) {
      const originalRecipient = parseOrcpt(value);
      if (originalRecipient === undefined) return replies.badParameter("ORCPT");
      // Letters beyond ASCII may stand for themselves only where the client declared SMTPUTF8 (RFC 6533 section 3).
      if (/[^\x00-\x7f]/.test(value!) && !transaction?.envelope.smtputf8) return replies.badParameter("ORCPT");
      recipient.dsn = { ...recipient.dsn, originalRecipient };
      return undefined;
    },
  },
};
