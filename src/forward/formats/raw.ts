/** The message as it came, message/rfc822; everything else is in the `smtp-` headers. */

import { emptyBody } from "../body.ts";
import type { ForwardedEvent } from "../event.ts";
import type { RequestBody } from "../format.ts";

export function raw({ mail }: ForwardedEvent): RequestBody {
  if (mail === undefined) return emptyBody;
  return { headers: { "content-type": "message/rfc822" }, size: mail.size, read: () => mail };
}
