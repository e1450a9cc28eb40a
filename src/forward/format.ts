/** The shapes in which a decision travels over HTTP. */

import type { ForwardedEvent } from "./event.ts";
import { actionMailbox } from "./formats/actionmailbox.ts";
import { json, jsonMultipart } from "./formats/json.ts";
import { mailgun } from "./formats/mailgun.ts";
import { postmark } from "./formats/postmark.ts";
import { raw } from "./formats/raw.ts";
import { sendgrid } from "./formats/sendgrid.ts";
import { smtp2http } from "./formats/smtp2http.ts";

/** The body of a POST. It is read twice, once to sign and once to send, and must say the same both times. */
export interface RequestBody {
  /** `content-type` among them; `content-length` is `size`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Octets. */
  readonly size: number;
  /** The octets, from the beginning at each call. */
  read(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** What a format may need beside the event. */
export interface FormatContext {
  /** The first secret as it was written, for services that sign in a field of their own. */
  readonly secret: string | undefined;
}

/** Puts an event into a body. */
export type Format = (event: ForwardedEvent, context: FormatContext) => RequestBody | Promise<RequestBody>;

/** The formats that have a name. */
export type FormatName =
  | "raw"
  | "json"
  | "json-multipart"
  | "postmark"
  | "sendgrid"
  | "mailgun"
  | "smtp2http"
  | "action-mailbox";

/** All of them. */
export const formats: Readonly<Record<FormatName, Format>> = {
  raw,
  json,
  "json-multipart": jsonMultipart,
  postmark,
  sendgrid,
  mailgun,
  smtp2http,
  "action-mailbox": actionMailbox,
};

/** Their names. */
export const formatNames: readonly FormatName[] = Object.keys(formats) as FormatName[];
