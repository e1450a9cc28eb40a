/**
 * BDAT (RFC 3030 section 2): the message in chunks, each as long as it says.
 *
 * Whatever is wrong with a command whose chunk can be counted, its octets are read and thrown away, and the next command
 * is found where it begins. Where they cannot be counted the connection ends: what follows would be read as commands.
 * Nothing is allocated from the number.
 *
 * A chunk of no octets is one like any other. After a chunk that was refused the others are refused too, up to the last
 * one or to RSET; then the transaction is over.
 */

import { type Chunk, parseChunk } from "../../protocol/chunk.ts";
import { NewlineDecoder } from "../../protocol/newline.ts";
import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import { Pace } from "../pace.ts";
import { type DecoderFor, Reception } from "../reception.ts";
import * as replies from "../replies.ts";
import type { Transaction } from "../transaction.ts";

export function bdat(conversation: Conversation, argument: string): Reply | Promise<Reply> {
  const { transaction, options } = conversation;
  if (!options.offer.has("chunking")) return replies.bdatOff;
  const chunk = parseChunk(argument);
  if (chunk === undefined) return replies.bdatSyntax;
  if (!Number.isSafeInteger(chunk.size)) return replies.chunkTooLarge;
  if (transaction === undefined) return discard(conversation, chunk, untimely(conversation));
  if (transaction.envelope.to.length === 0) {
    return discard(conversation, chunk, replies.forNobody(transaction.refused, options.protocol));
  }
  transaction.reception ??= new Reception(conversation, transaction, decoderFor(conversation, transaction));
  return receive(conversation, transaction.reception, chunk);
}

/** Why there is no transaction. */
function untimely({ session, options }: Conversation): Reply {
  if (options.requireTls && session.tls === undefined) return replies.needsTls;
  return session.helo === undefined ? replies.helloFirst(options.protocol) : replies.rcptFirst;
}

/** Text has newlines to look after; binary content is nobody's business (RFC 3030 section 3). */
function decoderFor({ options }: Conversation, { envelope }: Transaction): DecoderFor {
  if (envelope.body !== "BINARYMIME") {
    return (emit) => new NewlineDecoder(emit, options.bareNewline === "normalize");
  }
  return (emit) => ({
    bareNewlines: 0,
    push(block) {
      emit(block);
      return -1;
    },
  });
}

function receive(conversation: Conversation, reception: Reception, chunk: Chunk): Reply | Promise<Reply> {
  const hadFailed = reception.hasFailed;
  const taking = readChunk(conversation, reception.pace, chunk.size, (block) => {
    reception.take(block);
    return reception.settle();
  });
  if (taking === true) return taken(conversation, reception, chunk, hadFailed);
  return taking.then((isWhole) => {
    if (isWhole) return taken(conversation, reception, chunk, hadFailed);
    const reply = reception.lose();
    conversation.endTransaction();
    return reply;
  });
}

function taken(
  conversation: Conversation,
  reception: Reception,
  { size, isLast }: Chunk,
  hadFailed: boolean,
): Reply | Promise<Reply> {
  if (hadFailed) {
    if (!isLast) return replies.chunkDiscarded(size);
    const reply = reception.discard(size);
    conversation.endTransaction();
    return reply;
  }
  if (!isLast) return reception.hasFailed ? reception.refuse() : replies.chunkOk(size);
  const ended = reception.end();
  if (ended instanceof Promise) return ended.finally(() => conversation.endTransaction());
  conversation.endTransaction();
  return ended;
}

/** Reads past a chunk that nobody wants, and only then says why. */
function discard(conversation: Conversation, { size }: Chunk, reply: Reply): Reply | Promise<Reply> {
  const passing = readChunk(conversation, new Pace(conversation.options), size, () => undefined);
  return passing === true ? reply : passing.then((isWhole) => isWhole ? reply : replies.lostInData);
}

/**
 * Hands the octets of a chunk on, block by block.
 *
 * @returns true at once when all of them are here already, as those of small chunks mostly are.
 */
function readChunk(
  conversation: Conversation,
  pace: Pace,
  octets: number,
  take: (block: Uint8Array) => Promise<void> | undefined,
): true | Promise<boolean> {
  const block = conversation.wire.input.takeBlock(octets);
  const left = octets - (block?.length ?? 0);
  if (block !== undefined) conversation.wire.tap?.content(block.length);
  const taking = block === undefined ? undefined : take(block);
  if (left === 0 && taking === undefined) return true;
  return readRest(conversation, pace, left, take, taking);
}

async function readRest(
  conversation: Conversation,
  pace: Pace,
  octets: number,
  take: (block: Uint8Array) => Promise<void> | undefined,
  taking: Promise<void> | undefined,
): Promise<boolean> {
  if (taking !== undefined) await taking;
  let left = octets;
  while (left > 0) {
    const block = conversation.wire.input.takeBlock(left);
    if (block === undefined) {
      if (!await conversation.wire.fill(pace)) return false;
      continue;
    }
    left -= block.length;
    conversation.wire.tap?.content(block.length);
    const settling = take(block);
    if (settling !== undefined) await settling;
  }
  return true;
}
