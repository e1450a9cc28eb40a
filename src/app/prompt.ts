/** A command's own conversation with the client: a question, and the line that answers it. */

import { hasControl } from "../protocol/command.ts";
import type { CommandEvent } from "../session/event.ts";
import { SmtpError } from "./reply.ts";
import { replyOf } from "./response.ts";
import type { TimeLimit } from "./timelimit.ts";

/**
 * Sends an intermediate reply, as made by `reply(334, "", "Password:")`, and waits for the client's next line.
 *
 * The line comes without its CRLF. `undefined`: the client is gone, or took longer than `timeouts.command`, and no
 * reply will reach it. A line of more than 12 288 octets, or with octets that are no text, rejects with an `SmtpError`
 * of 500 5.5.2, which becomes the command's reply unless it is caught. One question at a time.
 */
export type Prompt = (question: Response) => Promise<string | undefined>;

/** The prompt of one command. The client's time to answer is not counted as the handler's. */
export function promptOf(event: CommandEvent, limit: TimeLimit): Prompt {
  let isWaiting = false;
  return async (question) => {
    if (isWaiting) throw new Error("Cannot ask the client: it has not answered the question before");
    isWaiting = true;
    try {
      const reply = await replyOf(question, "command");
      if (reply === undefined || reply.code < 300 || reply.code > 399) {
        const code = reply?.code ?? question.status;
        throw new RangeError(`Cannot ask the client with code ${code}: a reply that expects an answer is 300 to 399`);
      }
      return readable(await limit.without(event.ask(reply)));
    } finally {
      isWaiting = false;
    }
  };
}

/** @throws {SmtpError} for what is no line of text. */
function readable(line: Awaited<ReturnType<CommandEvent["ask"]>>): string | undefined {
  if (line === undefined) return undefined;
  if (typeof line !== "string") throw new SmtpError(500, "5.5.2", `Error: line is ${line.error}`);
  if (hasControl(line)) throw new SmtpError(500, "5.5.2", "Error: bad syntax");
  return line;
}
