/**
 * FUTURERELEASE (RFC 4865): the message is to be held back until later.
 *
 * Off by default: who advertises it promises to hold messages, which takes a queue that the application must have. For
 * submission only, so only to clients that have authenticated; up to `limits.hold`.
 */

import { formatDateTime, parseDateTime } from "../../protocol/datetime.ts";
import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import type { Draft, Envelope } from "../envelope.ts";
import type { Extension } from "../extensions.ts";
import * as replies from "../replies.ts";

export const futureRelease: Extension = {
  advertise({ session, options }) {
    if (session.user === undefined) return undefined;
    const { hold } = options.limits;
    return `FUTURERELEASE ${hold} ${formatDateTime(new Date(Date.now() + hold * 1000))}`;
  },
  isOptIn: true,
  mailOctets: 34,
  mail: {
    HOLDFOR(value, envelope, conversation) {
      const isInterval = value !== undefined && /^[1-9]\d{0,8}$/.test(value);
      const until = isInterval ? new Date(Date.now() + Number(value) * 1000) : undefined;
      return holdUntil("HOLDFOR", until, envelope, conversation);
    },
    HOLDUNTIL(value, envelope, conversation) {
      // The zone is always Z.
      const until = value !== undefined && /Z$/i.test(value) ? parseDateTime(value) : undefined;
      return holdUntil("HOLDUNTIL", until, envelope, conversation);
    },
  },
};

/** One of the two, and not for longer than was advertised. A moment that is past means at once. */
function holdUntil(
  keyword: string,
  until: Date | undefined,
  envelope: Draft<Envelope>,
  { options }: Conversation,
): Reply | undefined {
  if (until === undefined || envelope.holdUntil !== undefined) return replies.badParameter(keyword);
  if (until.getTime() > Date.now() + options.limits.hold * 1000) return replies.badParameter(keyword);
  envelope.holdUntil = until;
  return undefined;
}
