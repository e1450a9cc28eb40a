/**
 * Rails' Action Mailbox, relay ingress: message/rfc822 to /rails/action_mailbox/relay/inbound_emails, user
 * `actionmailbox` and the ingress password by HTTP Basic.
 */

import type { ForwardedEvent } from "../event.ts";
import type { RequestBody } from "../format.ts";
import { mailOf } from "../parsed.ts";

export function actionMailbox(event: ForwardedEvent): RequestBody {
  const mail = mailOf(event, "action-mailbox");
  // Action Mailbox routes by this field, too: without it a blind copy would find no mailbox.
  const field = event.recipient === undefined ? "" : `X-Original-To: ${event.recipient.address}\r\n`;
  const head = new TextEncoder().encode(field);
  return {
    headers: { "content-type": "message/rfc822" },
    size: head.length + mail.size,
    async *read() {
      yield head;
      yield* mail;
    },
  };
}
