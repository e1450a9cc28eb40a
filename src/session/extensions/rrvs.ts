/**
 * RRVS (RFC 7293): the mailbox must have belonged to the same person since a given day.
 *
 * Off by default: who advertises it promises to know when mailboxes changed hands, and to refuse with 550 5.7.17.
 */

import { parseDateTime } from "../../protocol/datetime.ts";
import type { Extension } from "../extensions.ts";
import * as replies from "../replies.ts";

export const rrvs: Extension = {
  advertise: () => "RRVS",
  isOptIn: true,
  rcptOctets: 33,
  rcpt: {
    RRVS(value, recipient) {
      const match = /^([^;]+)(?:;([CR]))?$/i.exec(value ?? "");
      const since = match === null ? undefined : parseDateTime(match[1]!);
      if (since === undefined) return replies.badParameter("RRVS");
      const isContinued = match?.[2]?.toUpperCase() === "C";
      recipient.validSince = { since, unsupported: isContinued ? "continue" : "reject" };
      return undefined;
    },
  },
};
