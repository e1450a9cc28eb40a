/**
 * Answers by mail: notifications are sent from an address that names the conversation and is signed, so that whoever
 * answers need not log in, and nobody can write into a conversation whose address was never sent to them.
 *
 *     REPLY_SECRET=… postern serve examples/reply-by-mail.ts
 */

import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import process from "node:process";
import { Postern, reply } from "postern";

const REPLY_SECRET: string = process.env["REPLY_SECRET"] || missing();

function missing(): never {
  throw new Error("REPLY_SECRET is not set: without a secret of your own, anybody could sign addresses");
}

/** Hexadecimal, because mail addresses may change their case on the way; 80 bits, because they should stay short. */
function signatureOf(conversation: string): string {
  return createHmac("sha256", REPLY_SECRET).update(conversation).digest("hex").slice(0, 20);
}

/** What goes into the `Reply-To` of a notification. */
export function addressOf(conversation: string): string {
  return `reply+${conversation}-${signatureOf(conversation)}@example.com`;
}

/** The conversation that an address names; undefined when its signature is not ours. */
function conversationOf(token: string): string | undefined {
  const [, conversation = "", shown = ""] = /^(\d+)-([\da-f]{20})$/.exec(token) ?? [];
  const isOurs = shown !== "" && timingSafeEqual(Buffer.from(shown), Buffer.from(signatureOf(conversation)));
  return isOurs ? conversation : undefined;
}

const app: Postern = new Postern();

// At RCPT: what is not signed is refused before the message is sent.
app.rcpt("reply+:token@example.com", (c) => {
  const isKnown = conversationOf(c.req.param("token")) !== undefined;
  return isKnown ? c.body(null, 204) : reply(550, "5.1.1", "No such conversation");
});

app.deliver("reply+:token@example.com", async (c) => {
  const { text = "" } = await c.var.mail.parse();
  const [answer = ""] = text.split(/^(?:>|On .+ wrote:$)/m);
  // As JSON, in which no control character of a stranger's reaches the terminal.
  console.log(`conversation ${conversationOf(c.req.param("token"))}: ${JSON.stringify(answer.trim())}`);
  return c.text("Added to the conversation");
});

console.log(`to answer conversation 42, write to ${addressOf("42")}`);

export default app;
