/** The JSON of smtp2http, the little Go program. */

import { jsonBody } from "../body.ts";
import type { ForwardedEvent } from "../event.ts";
import type { RequestBody } from "../format.ts";
import { base64, mailOf, type NamedAddress, parsed, spfResult } from "../parsed.ts";

export async function smtp2http(event: ForwardedEvent): Promise<RequestBody> {
  const message = await parsed(mailOf(event, "smtp2http"));
  const { messageId, date, subject, text, html, references, inReplyTo, attachments } = message;
  const inline = attachments.filter(({ isInline, contentId }) => isInline && contentId !== undefined);
  return jsonBody({
    references: orNothing(references),
    spf: spfResult(event),
    id: messageId.replace(/^<|>$/g, "") || undefined,
    date: date || undefined,
    subject: subject || undefined,
    body: { text: text || undefined, html: html || undefined },
    addresses: {
      from: address(message.from[0] ?? { name: "", address: event.envelope?.from?.address ?? "" }),
      // The envelope's: its one recipient, whoever the header names.
      to: address({ name: "", address: event.recipient?.address ?? event.envelope?.to[0]?.address ?? "" }),
      reply_to: orNothing(message.replyTo.map(address)),
      cc: orNothing(message.cc.map(address)),
      bcc: orNothing(message.bcc.map(address)),
      in_reply_to: orNothing(inReplyTo.map((id) => id.replace(/^<|>$/g, ""))),
    },
    attachments: orNothing(
      attachments.filter((each) => !inline.includes(each)).map(({ filename, contentType, content }) => ({
        filename,
        content_type: contentType,
        data: base64(content),
      })),
    ),
    embedded_files: orNothing(
      inline.map(({ contentId, contentType, content }) => ({
        cid: contentId,
        content_type: contentType,
        data: base64(content),
      })),
    ),
  });
}

/** Empty fields are left out. */
function address({ name, address }: NamedAddress): object {
  return { name: name || undefined, address: address || undefined };
}

function orNothing<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
