/** DATA (RFC 5321 section 4.1.1.4): the message itself, up to a line with a single dot. */

import { DataDecoder } from "../../protocol/data.ts";
import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import { Reception } from "../reception.ts";
import * as replies from "../replies.ts";
import type { Transaction } from "../transaction.ts";

export function data(conversation: Conversation, argument: string): Reply | Promise<Reply> {
  const { transaction, options } = conversation;
  if (argument !== "") return replies.syntax("DATA");
  if (transaction === undefined) return replies.rcptFirst;
  if (transaction.reception !== undefined) return replies.afterBdat("DATA");
  if (transaction.envelope.to.length === 0) return replies.forNobody(transaction.refused, options.protocol);
  // Binary content may hold the end of data anywhere: it needs BDAT (RFC 3030 section 3).
  if (transaction.envelope.body === "BINARYMIME") return replies.binaryNeedsBdat;
  return receive(conversation, transaction);
}

/** Reads the message to its end whatever is wrong with it, and only then says what. */
async function receive(conversation: Conversation, transaction: Transaction): Promise<Reply> {
  const { options, wire: { input } } = conversation;
  const normalize = options.bareNewline === "normalize";
  const reception = new Reception(conversation, transaction, (emit) => new DataDecoder(emit, normalize));
  transaction.reception = reception;
  try {
    conversation.reply(replies.startData);
    while (true) {
      const block = input.takeBlock();
      if (block === undefined) {
        if (await conversation.wire.fill(reception.pace)) continue;
        return reception.lose();
      }
      const end = reception.take(block);
      conversation.wire.tap?.content(end < 0 ? block.length : end);
      const settling = reception.settle();
      if (settling !== undefined) await settling;
      if (end < 0) continue;
      input.putBack(block.subarray(end));
      const ended = reception.end();
      return ended instanceof Promise ? await ended : ended;
    }
  } finally {
    // The transaction is over in every case: after a refusal, too, a new message needs a new MAIL.
    conversation.endTransaction();
  }
}
