/** What a command asks the client while it is carried out. */

import type { Reply } from "../protocol/reply.ts";
import type { Conversation } from "./conversation.ts";
import type { Line } from "./input.ts";
import * as replies from "./replies.ts";

/** The longest line that answers a question, without its CRLF: as RFC 4954 section 4 grants it to AUTH. */
const longestAnswer = 12_288;

/** The questions of one command: one at a time, and none once it has been answered. */
export class Questions {
  readonly #conversation: Conversation;
  #pending: Promise<unknown> | undefined;
  #isOver = false;
  /** The reply that ended the session in the place of an answer. */
  #ending: Reply | undefined;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  /** Sends a reply and reads the line that answers it; undefined when there will be none. */
  async ask(reply: Reply): Promise<Line | undefined> {
    if (this.#pending !== undefined) throw new Error("Cannot ask the client: it has not answered the question before");
    if (this.#isOver || this.#ending !== undefined) return undefined;
    const asking = this.#ask(reply);
    this.#pending = asking;
    try {
      return await asking;
    } finally {
      this.#pending = undefined;
    }
  }

  /** The command's reply. A question that nobody waits for any more is answered first: that is the client's turn. */
  async end(reply: Reply): Promise<Reply> {
    this.#isOver = true;
    if (this.#pending !== undefined) await this.#pending;
    return this.#ending ?? reply;
  }

  async #ask(reply: Reply): Promise<Line | undefined> {
    const conversation = this.#conversation;
    // The answer to a question that was not heard yet is none (RFC 2920 section 3.1).
    if (conversation.wire.input.hasMore && conversation.options.pipelining === "strict") {
      this.#ending = replies.synchronization;
      return undefined;
    }
    conversation.reply(reply);
    const line = await conversation.wire.readLine(longestAnswer + 2);
    if (typeof line === "string" || "error" in line) return line;
    this.#ending = line;
    return undefined;
  }
}
