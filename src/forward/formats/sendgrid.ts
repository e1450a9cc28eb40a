/** The form of SendGrid's Inbound Parse, parsed (not its "raw" variant). */

import { formBody, type FormPart } from "../body.ts";
import type { ForwardedEvent } from "../event.ts";
import type { RequestBody } from "../format.ts";
import { addressList, dkimResults, mailOf, parsed, spfResult } from "../parsed.ts";

export async function sendgrid(event: ForwardedEvent): Promise<RequestBody> {
  const { subject, from, to, cc, text, html, headers, attachments } = await parsed(mailOf(event, "sendgrid"));
  const recipients = event.recipient === undefined ? event.envelope?.to ?? [] : [event.recipient];
  const parts: FormPart[] = [
    { name: "headers", content: headers.map(([name, value]) => `${name}: ${value}\n`).join("") },
    { name: "dkim", content: dkimResults(event) },
    { name: "SPF", content: spfResult(event) },
    { name: "to", content: addressList(to) },
    { name: "cc", content: addressList(cc) },
    { name: "from", content: addressList(from) },
    { name: "subject", content: subject },
    { name: "sender_ip", content: event.session.remote.address },
    {
      name: "envelope",
      content: JSON.stringify({
        to: recipients.map(({ address }) => address),
        from: event.envelope?.from?.address ?? "",
      }),
    },
    { name: "text", content: text },
    { name: "html", content: html },
    // Everything was decoded: it is UTF-8 whatever it came in.
    {
      name: "charsets",
      content: JSON.stringify(
        Object.fromEntries(["to", "cc", "from", "subject", "text", "html"].map((name) => [name, "UTF-8"])),
      ),
    },
    { name: "attachments", content: `${attachments.length}` },
  ];
  if (attachments.length === 0) return formBody(parts);
  const named = attachments.map((attachment, index) => ({ ...attachment, name: `attachment${index + 1}` }));
  const info = named.map(({ name, filename, contentType: type, contentId }) => [
    name,
    { filename, name: filename, type, ...(contentId === undefined ? {} : { "content-id": contentId }) },
  ]);
  const contentIds = named.flatMap(({ name, contentId }) => contentId === undefined ? [] : [[contentId, name]]);
  parts.push({ name: "attachment-info", content: JSON.stringify(Object.fromEntries(info)) });
  if (contentIds.length > 0) {
    parts.push({ name: "content-ids", content: JSON.stringify(Object.fromEntries(contentIds)) });
  }
  for (const { name, filename, contentType: type, content } of named) parts.push({ name, filename, type, content });
  return formBody(parts);
}
