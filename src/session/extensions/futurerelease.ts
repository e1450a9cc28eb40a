/**
 * FUTURERELEASE (RFC 4865): the message is to be held back until later.
 *
 * Off by default: who advertises it promises to hold messages, which takes a queue that the application must have. For
 * submission only, so only to clients that have authenticated. A message can be held for 30 days; an application that
 * cannot hold it so long refuses it at MAIL, where it sees `envelope.holdUntil`.
 */

import { formatDateTime, parseDateTime } from "../../protocol/datetime.ts";
import type { Reply } from "../../protocol/reply.ts";
import type { Draft, Envelope } from "../envelope.ts";
import type { Extension } from "../extensions.ts";
import * as replies from "../replies.ts";

/** Seconds. */
const longest = 30 * 86_400;

export const futureRelease: Extension = {
  advertise({ session }) {
    if (session.user === undefined) return undefined;
    return `FUTURERELEASE ${longest} ${formatDateTime(new Date(Date.now() + longest * 1000))}`;
  },
  isOptIn: true,
  mailOctets: 34,
  mail: {
    HOLDFOR(value, envelope) {
      const isInterval = value !== undefined && /^[1-9]\d{0,8}$/.test(value);
      const until = isInterval ? new Date(Date.now() + Number(value) * 1000) : undefined;
      return holdUntil("HOLDFOR", until, envelope);
    },
    HOLDUNTIL(value, envelope) {
      // The zone is always Z.
      const until = value !== undefined && /Z$/i.test(value) ? parseDateTime(value) : undefined;
      return holdUntil("HOLDUNTIL", until, envelope);
    },
  },
};

/** One of the two, and not for longer than was advertised. A moment that is past means at once. */
function holdUntil(keyword: string, until: Date | undefined, envelope: Draft<Envelope>): Reply | undefined {
  if (until === undefined || envelope.holdUntil !== undefined) return replies.badParameter(keyword);
  if (until.getTime() > Date.now() + longest * 1000) return replies.badParameter(keyword);
  envelope.holdUntil = until;
  return undefined;
}
