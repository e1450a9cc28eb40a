/**
 * XFORWARD (Postfix's XFORWARD_README): what a mail server knew of the client it had the next message from, told through
 * a content filter. It is for logs and for handlers to know, and changes nothing in the session.
 */

import { type Attributes, parseAttributes, parsePort } from "../../protocol/attributes.ts";
import type { Reply } from "../../protocol/reply.ts";
import { addressOf } from "../claims.ts";
import type { Conversation } from "../conversation.ts";
import type { Draft, Forwarded } from "../envelope.ts";
import * as replies from "../replies.ts";

/** The attributes there are. */
export const xforwardNames: readonly string[] = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"];

export function xforward(conversation: Conversation, argument: string): Reply {
  const { claims, transaction } = conversation;
  if (claims === undefined || !conversation.options.offer.has("xforward")) return replies.notTrusted;
  if (transaction !== undefined) return replies.inTransaction("XFORWARD");
  if (argument === "") return replies.syntax("XFORWARD attribute=value…");
  const attributes = parseAttributes(argument, xforwardNames);
  if ("fault" in attributes) return replies.badAttribute("XFORWARD", attributes.fault);
  const forwarded = withAttributes(conversation.forwarded, attributes);
  if (typeof forwarded === "string") return replies.badAttribute("XFORWARD", `bad value of ${forwarded}`);
  conversation.forwarded = forwarded;
  return replies.ok;
}

const fields = {
  NAME: "name",
  ADDR: "address",
  PORT: "port",
  PROTO: "protocol",
  HELO: "helo",
  IDENT: "ident",
  SOURCE: "source",
} as const;

/** What was known with what is told now; or the name of the first attribute whose value is not of its kind. */
function withAttributes(known: Forwarded | undefined, attributes: Attributes): Forwarded | string {
  const forwarded: Draft<Forwarded> = { ...known };
  for (const [name, value] of attributes) {
    const field = fields[name as keyof typeof fields];
    delete forwarded[field];
    if (value === undefined) continue;
    if (field === "port") {
      const port = parsePort(value);
      if (port === undefined) return name;
      forwarded.port = port;
    } else if (field === "source") {
      const source = value.toUpperCase();
      if (source !== "LOCAL" && source !== "REMOTE") return name;
      forwarded.source = source;
      // The address may be one of another network than the Internet.
    } else forwarded[field] = field === "address" ? addressOf(value) ?? value : value;
  }
  return forwarded;
}
