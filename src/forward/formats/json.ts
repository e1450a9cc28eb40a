/** Postern's own JSON, after the payload that Standard Webhooks recommends: type, timestamp, data. */

import { formBody, type FormPart, jsonBody } from "../body.ts";
import type { ForwardedEvent } from "../event.ts";
import type { RequestBody } from "../format.ts";
import { base64, parsed, type ParsedAttachment } from "../parsed.ts";

/** Attachments in base64. */
export async function json(event: ForwardedEvent): Promise<RequestBody> {
  return jsonBody(await payload(event, ({ content }) => ({ content: base64(content) })));
}

/** A form: the JSON is its part `payload`, and each attachment a part of its own, which the JSON names. */
export async function jsonMultipart(event: ForwardedEvent): Promise<RequestBody> {
  const files: FormPart[] = [];
  const value = await payload(event, ({ filename, contentType: type, content }) => {
    const name = `attachment-${files.length + 1}`;
    files.push({ name, filename, type, content });
    return { part: name };
  });
  return formBody([{ name: "payload", type: "application/json", content: JSON.stringify(value) }, ...files]);
}

async function payload(event: ForwardedEvent, place: (attachment: ParsedAttachment) => object): Promise<object> {
  const { stage, session, envelope, recipient, mail } = event;
  return {
    type: `mail.${stage}`,
    timestamp: new Date().toISOString(),
    data: {
      id: mail?.id,
      session: {
        id: session.id,
        remoteAddress: session.remote.address,
        helo: session.helo,
        protocol: session.protocol,
        user: session.user,
        tls: session.tls === undefined ? undefined : { protocol: session.tls.protocol, cipher: session.tls.cipher },
      },
      envelope: envelope === undefined ? undefined : {
        from: envelope.from?.address ?? null,
        to: recipient === undefined ? envelope.to.map(({ address }) => address) : [recipient.address],
        body: envelope.body,
        smtputf8: envelope.smtputf8,
      },
      recipient: recipient === undefined ? undefined : {
        address: recipient.address,
        user: recipient.user,
        tag: recipient.tag,
        domain: recipient.domain,
      },
      verdicts: { ...plain(session.locals) as object, ...plain(envelope?.locals ?? {}) as object },
      message: mail === undefined ? undefined : await messageOf(event, place),
    },
  };
}

async function messageOf({ mail }: ForwardedEvent, place: (attachment: ParsedAttachment) => object): Promise<object> {
  const { attachments, ...message } = await parsed(mail!);
  return {
    size: mail!.size,
    fingerprint: await mail!.fingerprint(),
    ...message,
    attachments: attachments.map((attachment) => {
      const { filename, contentType, contentId, isInline, content } = attachment;
      return { filename, contentType, contentId, isInline, size: content.length, ...place(attachment) };
    }),
  };
}

/** What JSON can say of a value without surprises: no class's instances, no functions, not too deep. */
function plain(value: unknown, depth = 0): unknown {
  if (value === null || ["string", "boolean"].includes(typeof value)) return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (value instanceof Date) return value;
  if (typeof value !== "object" || depth > 8) return undefined;
  if (Array.isArray(value)) return value.map((each) => plain(each, depth + 1) ?? null);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each, depth + 1)]));
}
