/** A message taken apart, in the words that the formats share. */

import type { AddressObject, EmailAddress, ParsedMail } from "mailparser";
import type { Mail } from "../app/mail.ts";
import type { AuthVerdict } from "../middleware/authenticate/verdict.ts";
import type { SpfVerdict } from "../spf/mod.ts";
import type { ForwardedEvent } from "./event.ts";

/** A name and an address; the name may be empty. */
export interface NamedAddress {
  readonly name: string;
  readonly address: string;
}

/** An attachment, decoded. */
export interface ParsedAttachment {
  readonly filename: string;
  readonly contentType: string;
  /** Without its angle brackets. */
  readonly contentId: string | undefined;
  readonly isInline: boolean;
  readonly content: Uint8Array;
}

/** Everything about a message that some format tells. Text fields are empty where the message has none. */
export interface ParsedMessage {
  readonly subject: string;
  /** The field as it was written. */
  readonly date: string;
  /** With its angle brackets. */
  readonly messageId: string;
  readonly inReplyTo: readonly string[];
  readonly references: readonly string[];
  readonly from: readonly NamedAddress[];
  readonly to: readonly NamedAddress[];
  readonly cc: readonly NamedAddress[];
  readonly bcc: readonly NamedAddress[];
  readonly replyTo: readonly NamedAddress[];
  readonly text: string;
  readonly html: string;
  /** From the top, names as written, values unfolded. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly attachments: readonly ParsedAttachment[];
}

/** Reads a message by mailparser. */
export async function parsed(mail: Mail): Promise<ParsedMessage> {
  const parsed = await mail.parse();
  return {
    subject: parsed.subject ?? "",
    date: mail.headers.get("date") ?? "",
    messageId: parsed.messageId ?? "",
    inReplyTo: ids(parsed.inReplyTo),
    references: [parsed.references ?? []].flat(),
    from: addresses(parsed.from),
    to: addresses(parsed.to),
    cc: addresses(parsed.cc),
    bcc: addresses(parsed.bcc),
    replyTo: addresses(parsed.replyTo),
    text: parsed.text ?? "",
    html: parsed.html || "",
    headers: [...mail.headers].map(([name, value]) => [name, value.toWellFormed()] as const),
    attachments: parsed.attachments.map(attachment),
  };
}

/**
 * The message of an event, for formats that know no other stage.
 *
 * @throws {TypeError} when there is none yet.
 */
export function mailOf(event: ForwardedEvent, format: string): Mail {
  if (event.mail !== undefined) return event.mail;
  throw new TypeError(
    `Cannot forward the stage "${event.stage}" in the format ${format}, which is for messages: use raw or json`,
  );
}

function attachment(given: ParsedMail["attachments"][number], index: number): ParsedAttachment {
  return {
    filename: given.filename ?? `attachment-${index + 1}`,
    contentType: given.contentType,
    contentId: given.contentId?.replace(/^<|>$/g, ""),
    isInline: given.contentDisposition === "inline" || given.related === true,
    content: given.content,
  };
}

/** Groups opened out; what has no address is left out. */
function addresses(field: AddressObject | AddressObject[] | undefined): NamedAddress[] {
  const open = (entry: EmailAddress): NamedAddress[] =>
    entry.group !== undefined
      ? entry.group.flatMap(open)
      : entry.address === undefined || entry.address === ""
      ? []
      : [{ name: entry.name, address: entry.address }];
  return [field ?? []].flat().flatMap(({ value }) => value.flatMap(open));
}

function ids(field: string | undefined): string[] {
  return field?.match(/<[^<>\s]+>/g) ?? [];
}

/** `"Alice" <alice@example.com>, bob@example.net`. */
export function addressList(addresses: readonly NamedAddress[]): string {
  return addresses.map(({ name, address }) =>
    name === "" ? address : `"${name.replace(/["\\]/g, "\\$&")}" <${address}>`
  )
    .join(", ");
}

/** Octets in base64. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  // Pieces of a length that base64 does not pad, and that an argument list holds.
  for (let at = 0; at < bytes.length; at += 24_576) {
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + 24_576)));
  }
  return text;
}

/** What SPF said of the sender, if the middleware `spf` or `authenticate` asked; else `none`. */
export function spfResult(event: ForwardedEvent): string {
  const { spf, auth } = event.envelope?.locals as { readonly spf?: SpfVerdict; readonly auth?: AuthVerdict } ?? {};
  return spf?.result ?? auth?.spf.result ?? "none";
}

/** What DKIM said, as SendGrid writes it: `{@example.com : pass}`; `none` without signatures, or if nobody asked. */
export function dkimResults(event: ForwardedEvent): string {
  const { dkim = [] } = event.envelope?.locals["auth"] as AuthVerdict | undefined ?? {};
  const results = dkim.map(({ domain, result }) => `@${domain} : ${result}`);
  return results.length === 0 ? "none" : `{${results.join(", ")}}`;
}
