/** A message on its way in, by DATA or by BDAT: where its octets go, what is wrong with it, and how it ends. */

import { countReceived, hasBareNewline } from "../protocol/header.ts";
import type { Reply } from "../protocol/reply.ts";
import { type Content, longestHeader, StorageError } from "./content.ts";
import type { Conversation } from "./conversation.ts";
import { repliesTo } from "./outcome.ts";
import { Pace } from "./pace.ts";
import type { Outcome } from "./event.ts";
import * as replies from "./replies.ts";
import type { Transaction } from "./transaction.ts";

/** Takes a message out of what the client sends. */
export interface Decoder {
  /** Takes the next bytes; returns where those behind the end of the message begin, or -1 when it goes on. */
  push(block: Uint8Array): number;
  /** There is no more. */
  finish?(): void;
  /** How many CR and LF came without the other. */
  readonly bareNewlines: number;
}

/** Makes a decoder that hands the message on piece by piece. */
export type DecoderFor = (emit: (piece: Uint8Array) => void) => Decoder;

/** More hops than any message needs (RFC 5321 section 6.3: "at least 100 Received entries"). */
const mostHops = 100;

export class Reception {
  readonly pace: Pace;
  readonly #conversation: Conversation;
  readonly #transaction: Transaction;
  readonly #content: Content;
  readonly #decoder: Decoder;
  readonly #startedAt = performance.now();
  #problem: Reply | undefined;

  constructor(conversation: Conversation, transaction: Transaction, decoderFor: DecoderFor) {
    this.#conversation = conversation;
    this.#transaction = transaction;
    this.#content = conversation.openContent();
    this.pace = new Pace(conversation.options);
    // What will be refused is read to its end, so that the client hears why, but not kept (RFC 1870 section 6.3).
    this.#decoder = decoderFor((piece) => {
      if (this.#problem === undefined) this.#content.append(piece);
    });
  }

  /** Whether the message will be refused. */
  get hasFailed(): boolean {
    return this.#problem !== undefined;
  }

  /** Takes the client's next bytes; returns where those behind the end of the message begin, or -1. */
  take(block: Uint8Array): number {
    this.pace.count(block.length);
    const end = this.#decoder.push(block);
    this.#look();
    return end;
  }

  /** Lets go of what memory may not hold. Await a promise before the next `take`. */
  settle(): Promise<void> | undefined {
    if (this.#problem !== undefined) return undefined;
    return this.#content.settle()?.catch((error: unknown) => {
      if (!(error instanceof StorageError)) throw error;
      this.#conversation.observer.unstored?.(error);
      this.#fail(replies.storage);
    });
  }

  /** The client is gone, or was too slow: the message is not whole, and nobody gets it. */
  lose(): Reply {
    this.#fail(replies.lostInData);
    return this.#tell(replies.lostInData);
  }

  /** The message will be refused, and more of it is to come: what the client is told now. */
  refuse(): Reply {
    return this.#tell(this.#problem ?? replies.lostInData);
  }

  /** The client has sent the last of a message that was refused. */
  discard(octets: number): Reply {
    return this.#conclude(replies.chunkDiscarded(octets)).last;
  }

  /** The message is whole, or it has failed: what the client is told. */
  end(): Reply | Promise<Reply> {
    this.#decoder.finish?.();
    this.#look();
    const fault = this.hasFailed ? undefined : this.#faultOfHeader();
    if (fault !== undefined) this.#fail(fault);
    const outcome = this.#problem ?? this.#deliver();
    return outcome instanceof Promise ? outcome.then((settled) => this.#answer(settled)) : this.#answer(outcome);
  }

  #answer(outcome: Outcome): Reply {
    const { last, overall } = this.#conclude(outcome);
    this.#tell(overall);
    return last;
  }

  /** Gives memory and disk back, whatever became of the message. */
  release(): void {
    this.#content.release();
  }

  #faultOfHeader(): Reply | undefined {
    const content = this.#content;
    // Nobody could say what stands behind it: what is looked at, and taken out, would be its beginning alone.
    if (content.size >= longestHeader && content.header.length >= longestHeader) return replies.headerTooLarge;
    // Binary content is for the body (RFC 3030 section 3): in the header readers would not agree on the lines.
    const { body } = this.#transaction.envelope;
    if (body === "BINARYMIME" && hasBareNewline(content.header)) return replies.bareNewline;
    // A message too short for so many fields is not looked at: that is almost every one.
    const mayLoop = content.size > mostHops * "Received:\r\n".length;
    return mayLoop && countReceived(content.header, mostHops) > mostHops ? replies.mailLoop : undefined;
  }

  #look(): void {
    if (this.#problem !== undefined) return;
    const { maxSize, bareNewline } = this.#conversation.options;
    if (this.#content.size > maxSize) this.#fail(replies.tooLarge);
    else if (this.#decoder.bareNewlines > 0 && bareNewline === "reject") this.#fail(replies.bareNewline);
  }

  #fail(problem: Reply): void {
    this.#problem ??= problem;
    this.#content.drop();
  }

  #deliver(): Outcome | Promise<Outcome> {
    const { session } = this.#conversation;
    const { envelope, id } = this.#transaction;
    return this.#conversation.deliver({ stage: "data", session, envelope, content: this.#content, id });
  }

  /** Says all but the last of the replies to the message. */
  #conclude(outcome: Outcome): { last: Reply; overall: Reply } {
    const { before, last, overall } = repliesTo(this.#conversation, this.#transaction, outcome);
    for (const reply of before) this.#conversation.reply(reply);
    return { last, overall };
  }

  #tell(reply: Reply): Reply {
    const { observer } = this.#conversation;
    const milliseconds = performance.now() - this.#startedAt;
    observer.message(this.#conversation, this.#transaction, { size: this.#content.size, reply, milliseconds });
    if (reply.code < 300) this.#conversation.junkCommands = 0;
    return reply;
  }
}
