/** What a command asks the client while it is carried out; `c.var.prompt`, as handlers know it. */

import type { Reply } from "../protocol/reply.ts";
import type { Conversation } from "./conversation.ts";
import { longestResponse } from "./exchange.ts";
import type { Line } from "./input.ts";
import * as replies from "./replies.ts";

/** The prompts of one command: one at a time, and none once it has been answered. */
export class Prompts {
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
    // As long as RFC 4954 section 4 grants it to AUTH, and CRLF.
    const line = await conversation.wire.readLine(longestResponse + 2);
    if (typeof line === "string" || "error" in line) return line;
    this.#ending = line;
    return undefined;
  }
}
