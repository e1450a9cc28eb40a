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

/**
 * What the server answered. When it closed the connection, the reply with which it did stands for those to all that was
 * not said any more, but for the message's own.
 */
export interface SendResult {
  /** To the connection. */
  readonly greeting: ClientReply;
  /** To EHLO; to LHLO where `protocol` is `lmtp`. */
  readonly ehlo: ClientReply;
  /** To MAIL. */
  readonly mail: ClientReply;
  /** One for each recipient, in their order. */
  readonly rcpt: readonly ClientReply[];
  /**
   * To the message; absent when it was not sent, because no recipient was accepted, or the connection was closed. Of the
   * replies of LMTP it is the last.
   */
  readonly data?: ClientReply;
  /**
   * To the message, one for each recipient that was accepted, in their order: in LMTP (RFC 2033 section 4.2), and with
   * the parameter PRDR.
   */
  readonly each?: readonly ClientReply[];
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
  const isLmtp = options?.protocol === "lmtp";
  try {
    const greeting = await client.reply();
    let latest = greeting;
    /** The reply to a line, or the one with which the server has closed the connection. */
    const ask = async (line: string): Promise<ClientReply> => {
      client.write(`${line}\r\n`);
      try {
        return latest = await client.reply();
      } catch (error) {
        // Who goes away without a word, has not refused anything.
        if (latest.code < 400) throw error;
        return latest;
      }
    };
    const ehlo = await ask(`${isLmtp ? "LHLO" : "EHLO"} ${mail.helo ?? "client.test"}`);
    const parameters = mail.parameters === undefined ? "" : ` ${mail.parameters}`;
    const reply = await ask(`MAIL FROM:<${mail.from}>${parameters}`);
    const rcpt: ClientReply[] = [];
    for (const recipient of [mail.to].flat()) rcpt.push(await ask(`RCPT TO:<${recipient}>`));
    const result = { greeting, ehlo, mail: reply, rcpt };
    if ((await ask("DATA")).code !== 354) return result;
    const accepted = rcpt.filter(({ code }) => code < 300).length;
    client.write(stuffed(mail.data));
    const replies = await repliesTo(client, accepted, isLmtp);
    client.write("QUIT\r\n");
    await nextReply(client);
    return { ...result, ...replies };
  } finally {
    await client.close();
  }
}

/** Undefined once the server has closed the connection: that is all that waiting for a reply fails with. */
function nextReply(client: TestClient): Promise<ClientReply | undefined> {
  return client.reply().catch(() => undefined);
}

/** The replies to a message: one, or one for each recipient; both where 353 announces them (PRDR). */
async function repliesTo(
  client: TestClient,
  accepted: number,
  isLmtp: boolean,
): Promise<Pick<SendResult, "data" | "each">> {
  const first = isLmtp ? undefined : await nextReply(client);
  if (!isLmtp && first?.code !== 353) return first === undefined ? {} : { data: first };
  const each: ClientReply[] = [];
  while (each.length < accepted) {
    const reply = await nextReply(client);
    if (reply === undefined) break;
    each.push(reply);
  }
  const data = isLmtp ? each.at(-1) : await nextReply(client);
  return { ...(data === undefined ? {} : { data }), each };
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
