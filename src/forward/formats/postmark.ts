/** The JSON of Postmark's inbound webhook, for those who come from there. */

import { jsonBody } from "../body.ts";
import type { ForwardedEvent } from "../event.ts";
import type { RequestBody } from "../format.ts";
import { addressList, base64, mailOf, type NamedAddress, parsed } from "../parsed.ts";

export async function postmark(event: ForwardedEvent): Promise<RequestBody> {
  const mail = mailOf(event, "postmark");
  const { from, to, cc, bcc, replyTo, subject, date, text, html, headers, attachments } = await parsed(mail);
  const [sender = { name: "", address: event.envelope?.from?.address ?? "" }] = from;
  return jsonBody({
    FromName: sender.name,
    MessageStream: "inbound",
    From: sender.address,
    FromFull: full(sender),
    To: addressList(to),
    ToFull: to.map(full),
    Cc: addressList(cc),
    CcFull: cc.map(full),
    Bcc: addressList(bcc),
    BccFull: bcc.map(full),
    OriginalRecipient: event.recipient?.address ?? event.envelope?.to[0]?.address ?? "",
    Subject: subject,
    MessageID: mail.id,
    ReplyTo: addressList(replyTo),
    MailboxHash: event.recipient?.tag ?? "",
    Date: date,
    TextBody: text,
    HtmlBody: html,
    StrippedTextReply: "",
    Tag: "",
    Headers: headers.map(([Name, Value]) => ({ Name, Value })),
    Attachments: attachments.map(({ filename, contentType, contentId, content }) => ({
      Name: filename,
      Content: base64(content),
      ContentType: contentType,
      ContentLength: content.length,
      ContentID: contentId ?? "",
    })),
  });
}

/** What follows a plus sign is Postmark's "mailbox hash". */
function full({ name, address }: NamedAddress): object {
  const tag = /^[^+@]+\+([^@]*)@/.exec(address)?.[1] ?? "";
  return { Email: address, Name: name, MailboxHash: tag };
}
