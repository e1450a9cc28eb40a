/** STARTTLS (RFC 3207): encryption from here on. It is not offered a second time (section 4.2). */

import type { Extension } from "../extensions.ts";

export const startTls: Extension = {
  advertise: (conversation) => conversation.canStartTls ? "STARTTLS" : undefined,
};
