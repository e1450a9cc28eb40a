/**
 * `openssl s_client`: SMTP by hand over real TLS.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Auth, CertificateFiles, Client, Message, Outcome, SendOptions, Target } from "./client.ts";
import { stuffed } from "./client.ts";
import { installed } from "./found.ts";
import type { Printed } from "./printed.ts";
import { start } from "./run.ts";

export interface SClientOptions {
  /** STARTTLS first, or TLS from the first byte. */
  readonly tls: "starttls" | "implicit";
  readonly ca?: string;
  readonly serverName?: string;
  readonly certificate?: CertificateFiles;
  /** For example `["-tls1_2"]` or `["-cipher", "ECDHE-RSA-AES128-SHA"]`. */
  readonly args?: readonly string[];
  /** Ends after the first reply that is a 4xx or 5xx, with the steps left unsent. */
  readonly untilRefused?: boolean;
  readonly timeoutMs?: number;
}

/** Bytes to send once the last reply is complete, CRLF included. */
export type Step = string | Uint8Array;

/** A conversation inside TLS. */
export interface Conversation extends Outcome {
  /** One for each step, in order: all lines of the reply, CRLF removed. The greeting of implicit TLS is not among them. */
  readonly replies: readonly (readonly string[])[];
  /** `TLSv1.3`; undefined when the handshake failed. */
  readonly protocol: string | undefined;
  readonly cipher: string | undefined;
  /** OpenSSL's verdict on the server's certificate, `OK` or an error text. */
  readonly verification: string | undefined;
}

/**
 * Speaks to a server: waits for the handshake (and, with implicit TLS, for the greeting), sends each step when the
 * reply to the one before is complete, and closes its input at the end. EHLO is the caller's business.
 */
export async function converse(target: Target, steps: readonly Step[], options: SClientOptions): Promise<Conversation> {
  const client = start("openssl", sClientArguments(target, options));
  const limit = setTimeout(() => void client.stop(0), options.timeoutMs ?? 15_000);
  const replies: (readonly string[])[] = [];
  let unfinished = false;
  try {
    // Standard output holds only what the server says inside TLS; with implicit TLS the greeting comes first.
    let reply = options.tls === "implicit" ? await nextReply(client.stdout, 0) : undefined;
    for (const step of steps) {
      client.write(step);
      reply = await nextReply(client.stdout, reply?.end ?? 0);
      replies.push(reply.lines);
      unfinished = options.untilRefused === true && /^[45]/.test(reply.lines[0] ?? "");
      if (unfinished) break;
    }
  } catch {
    unfinished = true;
  }
  client.end();
  const outcome = await (unfinished ? client.stop(100) : client.ended);
  clearTimeout(limit);
  const first = (pattern: RegExp): string | undefined => pattern.exec(outcome.output)?.[1];
  return {
    ...outcome,
    replies,
    protocol: first(/^Protocol version: (.*)$/m),
    cipher: first(/^Ciphersuite: (.*)$/m),
    verification: first(/^Verification(?: error)?: (.*)$/m),
  };
}

interface Received {
  readonly lines: readonly string[];
  readonly end: number;
}

function nextReply(stdout: Printed, from: number): Promise<Received> {
  return stdout.until((text) => {
    const reply = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\n/.exec(text.slice(from))?.[0];
    return reply === undefined ? undefined : { lines: reply.trimEnd().split(/\r?\n/), end: from + reply.length };
  }, "a reply");
}

/** Sends one message: EHLO again, AUTH when asked for, MAIL, RCPT, DATA, QUIT. */
export async function send(target: Target, message: Message, options: SendOptions = {}): Promise<Outcome> {
  if (options.tls !== "starttls" && options.tls !== "implicit") throw new TypeError("s_client needs TLS");
  const steps: Step[] = [`EHLO ${options.helo ?? "client.test"}\r\n`];
  if (options.auth) steps.push(authCommand(options.auth));
  steps.push(`MAIL FROM:<${message.from}>\r\n`, ...message.to.map((to) => `RCPT TO:<${to}>\r\n`), "DATA\r\n");
  const { tls, args = [] } = options;
  steps.push(stuffed(message), "QUIT\r\n");
  const conversation = await converse(target, steps, { ...options, tls, args, untilRefused: true });
  const good = conversation.replies.length === steps.length &&
    conversation.replies.every((lines) => /^[23]/.test(lines[0] ?? ""));
  return { ...conversation, code: good ? 0 : conversation.code || 1 };
}

function authCommand({ mechanism, user, password }: Auth): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  switch (mechanism) {
    case "PLAIN":
      return `AUTH PLAIN ${base64(`\0${user}\0${password}`)}\r\n`;
    case "XOAUTH2":
      return `AUTH XOAUTH2 ${base64(`user=${user}\x01auth=Bearer ${password}\x01\x01`)}\r\n`;
    case "OAUTHBEARER":
      return `AUTH OAUTHBEARER ${base64(`n,a=${user},\x01auth=Bearer ${password}\x01\x01`)}\r\n`;
    case "EXTERNAL":
      return `AUTH EXTERNAL ${user === "" ? "=" : base64(user)}\r\n`;
    default:
      throw new TypeError(`AUTH ${mechanism} takes more than one line; use converse()`);
  }
}

function sClientArguments(target: Target, options: SClientOptions): string[] {
  // Without -nocommands a line that starts with R, as RCPT does, asks for renegotiation, and one with Q quits.
  const args = ["s_client", "-brief", "-nocommands", "-ign_eof", "-servername", options.serverName ?? "localhost"];
  if ("unix" in target) args.push("-unix", target.unix);
  else {args.push(
      "-connect",
      target.host.includes(":") ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`,
    );}
  if (options.tls === "starttls") args.push("-starttls", "smtp", "-name", "client.test");
  if (options.ca) {
    args.push("-CAfile", options.ca, "-verify_return_error", "-verify_hostname", options.serverName ?? "localhost");
  }
  if (options.certificate) args.push("-cert", options.certificate.cert, "-key", options.certificate.key);
  return [...args, ...(options.args ?? [])];
}

export const openssl: Client = {
  name: "openssl s_client",
  tls: ["starttls", "implicit"],
  mechanisms: ["PLAIN", "XOAUTH2", "OAUTHBEARER", "EXTERNAL"],
  certificates: true,
  lmtp: false,
  unix: false,
  verbatim: true,
  available: () => installed("openssl"),
  send,
};
