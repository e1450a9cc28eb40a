/** What is spoken in a session, by the name that `Received:` has for it. */

import type { Conversation } from "./conversation.ts";
import type { Protocol } from "./session.ts";

/** The keyword of RFC 3848 for what was negotiated. */
export function protocolOf({ extended, session, options }: Conversation): Protocol {
  const security = `${session.tls ? "S" : ""}${session.user === undefined ? "" : "A"}` as const;
  if (options.protocol === "lmtp") return `LMTP${security}`;
  return extended ? `ESMTP${security}` : "SMTP";
}
