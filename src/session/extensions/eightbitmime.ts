/** 8BITMIME (RFC 6152): the message may hold octets above 127. They are kept whatever was declared. On by default. */

import { upperAscii } from "../../protocol/case.ts";
import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import type { Draft, Envelope } from "../envelope.ts";
import type { Extension } from "../extensions.ts";
import * as replies from "../replies.ts";

/** BODY: `7BIT`, `8BITMIME`, and `BINARYMIME` where that is offered (RFC 3030 section 3). */
export function body(
  value: string | undefined,
  envelope: Draft<Envelope>,
  { options }: Conversation,
): Reply | undefined {
  const type = upperAscii(value ?? "");
  const isBinary = type === "BINARYMIME" && options.offer.has("chunking") && options.offer.has("binaryMime");
  if (type !== "7BIT" && type !== "8BITMIME" && !isBinary) return replies.badParameter("BODY");
  envelope.body = type as Envelope["body"];
  return undefined;
}

export const eightBitMime: Extension = {
  advertise: () => "8BITMIME",
  mailOctets: 17,
  mail: { BODY: body },
};
