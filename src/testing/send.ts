/** One message through an app, from EHLO to QUIT. */

import type { MailHandler } from "../app/handler.ts";
import { TestClient, type TestOptions } from "./client.ts";
import type { ClientReply } from "./reply.ts";

/** What to send. */
export interface TestMail {
  /** The reverse-path; empty for the null sender. */
  readonly from: string;
  /** The forward-paths, one or several. */
  readonly to: string | readonly string[];
  /** The message. Text goes as UTF-8, and its lone LF become CRLF; octets go as they are. */
  readonly data: string | Uint8Array;
  /** What the client calls itself. Default `client.test`. */
  readonly helo?: string;
  /** Parameters of MAIL, as `SMTPUTF8 BODY=8BITMIME`. */
  readonly parameters?: string;
}

/** What the server answered. */
export interface SendResult {
  /** To the connection. */
  readonly greeting: ClientReply;
  /** To EHLO. */
  readonly ehlo: ClientReply;
  /** To MAIL. */
  readonly mail: ClientReply;
  /** One for each recipient, in their order. */
  readonly rcpt: readonly ClientReply[];
  /** To the message; absent when it was not sent, because no recipient was accepted. */
  readonly data?: ClientReply;
}

/**
 * Sends a message to a handler through the real protocol engine, without a socket.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { send } from "postern/testing";
 *
 * const app = new Postern();
 * app.deliver("support@example.com", (c) => c.body(null, 204));
 * const { data } = await send(app, { from: "a@example.org", to: "support@example.com", data: "Subject: Hi\n\nHello\n" });
 * console.log(data?.code); // 250
 * ```
 */
export async function send(handler: MailHandler, mail: TestMail, options?: TestOptions): Promise<SendResult> {
  const client = new TestClient(handler, options);
  try {
    const greeting = await client.reply();
    const ehlo = await client.command(`EHLO ${mail.helo ?? "client.test"}`);
    const parameters = mail.parameters === undefined ? "" : ` ${mail.parameters}`;
    const reply = await client.command(`MAIL FROM:<${mail.from}>${parameters}`);
    const rcpt: ClientReply[] = [];
    for (const recipient of [mail.to].flat()) rcpt.push(await client.command(`RCPT TO:<${recipient}>`));
    const result = { greeting, ehlo, mail: reply, rcpt };
    if ((await client.command("DATA")).code !== 354) return result;
    client.write(stuffed(mail.data));
    const data = await client.reply();
    await client.command("QUIT");
    return { ...result, data };
  } finally {
    await client.close();
  }
}

/** Dot-stuffing (RFC 5321 section 4.5.2), and the end of data. */
export function stuffed(data: string | Uint8Array): Uint8Array {
  const text = typeof data === "string"
    ? latin1(new TextEncoder().encode(data.replace(/\r\n|\n/g, "\r\n")))
    : latin1(data);
  const dotted = text.replace(/(^|\r\n)\./g, "$1..");
  const ended = dotted === "" || dotted.endsWith("\r\n") ? `${dotted}.\r\n` : `${dotted}\r\n.\r\n`;
  return Uint8Array.from(ended, (character) => character.charCodeAt(0));
}

/** One character for each octet. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}
