/** What an email worker sends, as nodemailer's `sendMail` takes it. */

import type { MailHeaders } from "../app/headers.ts";
import type { Mail } from "../app/mail.ts";
import type { EmailMessageLike, ReplyFields } from "./message.ts";

/** A message to be sent: whole, as `raw`, or in fields from which it is to be made. */
export interface OutgoingMail {
  /** `from` is empty for `<>`. */
  readonly envelope: { readonly from: string; readonly to: string };
  /** The message with its header. With it there are no other fields. */
  readonly raw?: Uint8Array;
  /** The `From` field. */
  readonly from?: string | { readonly name: string; readonly address: string };
  /** The `To` field. */
  readonly to?: string;
  /** The `Reply-To` field. */
  readonly replyTo?: string | { readonly name: string; readonly address: string };
  /** The `Subject` field, decoded. */
  readonly subject?: string;
  /** The body as plain text. */
  readonly text?: string;
  /** The body as HTML. */
  readonly html?: string;
  /** The `Message-ID` of what this replies to. */
  readonly inReplyTo?: string;
  /** The `References` field. */
  readonly references?: string;
  /** Further header fields. */
  readonly headers?: Readonly<Record<string, string>>;
  /** In the order in which the recipient sees them. */
  readonly attachments?: readonly {
    /** As the recipient is to see it. */
    readonly filename: string;
    /** The media type. */
    readonly contentType: string;
    /** `inline`: shown within the HTML, which names it by `cid`. */
    readonly contentDisposition: "inline" | "attachment";
    /** Without angle brackets. */
    readonly cid?: string;
    /** Text, or octets as they are. */
    readonly content: string | Uint8Array;
  }[];
}

/** The message for another recipient. Its sender stays, and so do its octets, but for the fields put before them. */
export async function forwarded(mail: Mail, from: string, to: string, headers?: Headers): Promise<OutgoingMail> {
  const fields = [...headers ?? []].map(([name, value]) => {
    if (!/^x-[\x21-\x39\x3b-\x7e]+$/i.test(name)) {
      throw new TypeError(`Cannot add the header "${name}" to a forwarded message: only X- headers may be added`);
    }
    return `${name}: ${value}\r\n`;
  });
  const head = new TextEncoder().encode(fields.join(""));
  const bytes = await mail.bytes();
  const raw = new Uint8Array(head.length + bytes.length);
  raw.set(head);
  raw.set(bytes, head.length);
  return { envelope: { from, to }, raw: asBuffer(raw) };
}

/** A message that the worker made whole, back to the sender. */
export async function replied(message: EmailMessageLike, sender: string): Promise<OutgoingMail> {
  const raw: unknown = Reflect.get(message, "raw");
  if (typeof raw !== "string" && !(raw instanceof ReadableStream)) {
    throw new TypeError(
      "Cannot reply: the message has no raw content; make it with EmailMessage of postern/cloudflare",
    );
  }
  if (message.to.toLowerCase() !== sender.toLowerCase()) {
    throw new Error("Cannot reply to anybody but the sender of the message");
  }
  const bytes = new Uint8Array(await new Response(raw as BodyInit).arrayBuffer());
  return { envelope: { from: message.from, to: message.to }, raw: asBuffer(bytes) };
}

/** A reply from fields, threaded with what it replies to. */
export function composed(fields: ReplyFields, sender: string, original: MailHeaders): OutgoingMail {
  const { subject, text, html, headers, replyTo, attachments } = fields;
  const messageId = original.get("message-id");
  const references = [original.get("references"), messageId].filter((each) => each !== undefined).join(" ");
  return {
    envelope: { from: typeof fields.from === "string" ? fields.from : fields.from.email, to: sender },
    from: named(fields.from),
    to: sender,
    subject,
    ...(replyTo === undefined ? {} : { replyTo: named(replyTo) }),
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
    ...(headers === undefined ? {} : { headers }),
    ...(messageId === undefined ? {} : { inReplyTo: messageId, references }),
    ...(attachments === undefined ? {} : { attachments: attachments.map(attachment) }),
  };
}

function attachment(
  given: NonNullable<ReplyFields["attachments"]>[number],
): NonNullable<OutgoingMail["attachments"]>[number] {
  const { filename, type, disposition, contentId, content } = given;
  return {
    filename,
    contentType: type,
    contentDisposition: disposition,
    ...(contentId === undefined ? {} : { cid: contentId }),
    content: typeof content === "string" ? content : asBuffer(octets(content)),
  };
}

function named(address: ReplyFields["from"]): string | { name: string; address: string } {
  return typeof address === "string" ? address : { name: address.name, address: address.email };
}

function octets(content: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (content instanceof ArrayBuffer) return new Uint8Array(content);
  return new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
}

/** nodemailer takes Node's Buffer only. */
function asBuffer(bytes: Uint8Array): Uint8Array {
  const { Buffer } = globalThis as { Buffer?: { from(buffer: unknown, offset: number, length: number): Uint8Array } };
  return Buffer === undefined ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
