/** DATA (RFC 5321 section 4.1.1.4): the message itself. */

import { countReceived } from "../../protocol/header.ts";
import { DataDecoder } from "../../protocol/data.ts";
import type { Reply } from "../../protocol/reply.ts";
import { type Content, StorageError } from "../content.ts";
import type { Conversation } from "../conversation.ts";
import type { SessionOptions } from "../options.ts";
import * as replies from "../replies.ts";
import type { Transaction } from "../transaction.ts";

/** More hops than any message needs (RFC 5321 section 6.3: "at least 100 Received entries"). */
const mostHops = 100;

export function data(conversation: Conversation, argument: string): Reply | Promise<Reply> {
  const { transaction } = conversation;
  if (argument !== "") return replies.syntax("DATA");
  if (transaction === undefined) return replies.rcptFirst;
  if (transaction.envelope.to.length === 0) return transaction.refused > 0 ? replies.noRecipients : replies.rcptFirst;
  return receive(conversation, transaction);
}

/** Reads the message to its end whatever is wrong with it, and only then says what. */
async function receive(conversation: Conversation, transaction: Transaction): Promise<Reply> {
  const startedAt = performance.now();
  const content = conversation.openContent();
  try {
    conversation.reply(replies.startData);
    const flushed = conversation.flush();
    if (flushed !== undefined) await flushed;
    const problem = await receiveContent(conversation, content);
    conversation.deadline = Infinity;
    const reply = problem ?? await decide(conversation, transaction, content);
    const milliseconds = performance.now() - startedAt;
    conversation.observer.message(conversation, transaction, { size: content.size, reply, milliseconds });
    if (reply.code < 300) conversation.junkCommands = 0;
    return reply;
  } finally {
    // The transaction is over in every case: after a refusal, too, a new message needs a new MAIL.
    conversation.transaction = undefined;
    content.release();
  }
}

/** Takes the message out of the client's bytes; returns what is wrong with it. */
async function receiveContent(conversation: Conversation, content: Content): Promise<Reply | undefined> {
  const { input, options } = conversation;
  const startedAt = performance.now();
  let received = 0;
  let problem: Reply | undefined;
  // What will be refused is read to its end, so that the client hears why, but not kept (RFC 1870 section 6.3).
  const decoder = new DataDecoder((piece) => {
    if (problem === undefined) content.append(piece);
  }, options.bareNewline === "normalize");
  while (true) {
    const block = input.takeBlock();
    if (block === undefined) {
      // Each block has its time, and all of them together have as long as the slowest rate allows.
      const longest = startedAt + options.timeouts.block + received * 1000 / options.minDataRate - performance.now();
      conversation.allow(Math.min(options.timeouts.block, longest));
      if (!await input.fill()) return replies.lostInData;
      continue;
    }
    received += block.length;
    const end = decoder.push(block);
    if (problem === undefined) {
      problem = fault(content, decoder, options);
      const settling = problem === undefined ? content.settle() : undefined;
      if (settling !== undefined) problem = await settled(settling);
      if (problem !== undefined) content.drop();
    }
    if (end >= 0) {
      input.putBack(block.subarray(end));
      return problem ?? (hasLooped(content) ? replies.mailLoop : undefined);
    }
  }
}

function fault(content: Content, decoder: DataDecoder, options: SessionOptions): Reply | undefined {
  if (content.size > options.maxSize) return replies.tooLarge;
  if (decoder.bareNewlines > 0 && options.bareNewline === "reject") return replies.bareNewline;
  return undefined;
}

/** Waits for the disk where memory is not enough. */
async function settled(settling: Promise<void>): Promise<Reply | undefined> {
  try {
    await settling;
    return undefined;
  } catch (error) {
    if (error instanceof StorageError) return replies.storage;
    throw error;
  }
}

function hasLooped(content: Content): boolean {
  // A message too short for so many fields is not looked at: that is almost every one.
  return content.size > mostHops * "Received:\r\n".length &&
    countReceived(content.header, mostHops) > mostHops;
}

function decide(
  conversation: Conversation,
  transaction: Transaction,
  content: Content,
): Reply | Promise<Reply> {
  const { session } = conversation;
  const { envelope, id } = transaction;
  const queued = { code: 250, enhanced: "2.0.0", text: `Ok: queued as ${id}` };
  const decision = conversation.decide({ stage: "data", session, envelope, content, id });
  if (decision instanceof Promise) return decision.then((reply) => reply ?? queued);
  return decision ?? queued;
}
