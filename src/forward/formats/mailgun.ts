/**
 * The form that Mailgun's routes post. Its own signature is made with the secret as it is written, in the place of
 * Mailgun's signing key; it covers the timestamp and the token, not the message.
 */

import { hex } from "../../protocol/hex.ts";
import { formBody, type FormPart } from "../body.ts";
import type { ForwardedEvent } from "../event.ts";
import type { FormatContext, RequestBody } from "../format.ts";
import { addressList, mailOf, parsed } from "../parsed.ts";
import { hmacSha256 } from "../signature.ts";

export async function mailgun(event: ForwardedEvent, { secret }: FormatContext): Promise<RequestBody> {
  const { subject, from, to, text, html, headers, attachments } = await parsed(mailOf(event, "mailgun"));
  const recipient = event.recipient?.address ?? event.envelope?.to.map(({ address }) => address).join(", ") ?? "";
  const parts: FormPart[] = [
    { name: "recipient", content: recipient },
    { name: "sender", content: event.envelope?.from?.address ?? "" },
    { name: "from", content: addressList(from) },
    { name: "To", content: addressList(to) },
    { name: "subject", content: subject },
    { name: "body-plain", content: text },
    // Quotes and signatures stay: what is one, only its writer knows.
    { name: "stripped-text", content: text },
    { name: "stripped-signature", content: "" },
    { name: "message-headers", content: JSON.stringify(headers) },
    ...await signature(secret),
  ];
  for (const name of html === "" ? [] : ["body-html", "stripped-html"]) parts.push({ name, content: html });
  if (attachments.length === 0) return formBody(parts);
  const named = attachments.map((attachment, index) => ({ ...attachment, name: `attachment-${index + 1}` }));
  const contentIds = named.flatMap(({ name, contentId }) => contentId === undefined ? [] : [[`<${contentId}>`, name]]);
  parts.push({ name: "attachment-count", content: `${attachments.length}` });
  parts.push({ name: "content-id-map", content: JSON.stringify(Object.fromEntries(contentIds)) });
  for (const { name, filename, contentType: type, content } of named) parts.push({ name, filename, type, content });
  return formBody(parts);
}

async function signature(secret: string | undefined): Promise<FormPart[]> {
  const timestamp = `${Math.floor(Date.now() / 1000)}`;
  const token = hex(crypto.getRandomValues(new Uint8Array(25)));
  const parts = [{ name: "timestamp", content: timestamp }, { name: "token", content: token }];
  if (secret === undefined) return parts;
  const encoder = new TextEncoder();
  const mac = await hmacSha256(encoder.encode(secret), [encoder.encode(timestamp + token)]);
  const content = hex(mac);
  return [...parts, { name: "signature", content }];
}
