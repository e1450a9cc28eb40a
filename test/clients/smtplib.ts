/**
 * Python's smtplib: SMTP, SMTP_SSL and LMTP.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { Buffer } from "node:buffer";
import { bytesOf, type Client, type Message, type Outcome, type SendOptions, type Target } from "./client.ts";
import { installed } from "./found.ts";
import { run } from "./run.ts";

/** What only smtplib does. */
export interface SmtplibOptions extends SendOptions {
  /** Parameters of MAIL, for example `["SMTPUTF8", "BODY=8BITMIME"]`. */
  readonly mailOptions?: readonly string[];
}

/** Sends one message. Status 1: an exception, printed last; refused recipients are printed as JSON otherwise. */
export async function send(target: Target, message: Message, options: SmtplibOptions = {}): Promise<Outcome> {
  const script = fileURLToPath(new URL("smtplib_send.py", import.meta.url));
  const { from, to } = message;
  const data = Buffer.from(bytesOf(message)).toString("base64");
  const job = { serverName: "localhost", ...options, ...target, from, to, data };
  const limit = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
  return await run("python3", ["-u", script], { input: JSON.stringify(job), ...limit });
}

export const smtplib: Client = {
  name: "smtplib",
  tls: ["none", "starttls", "implicit"],
  mechanisms: ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER", "EXTERNAL"],
  certificates: true,
  lmtp: true,
  unix: false,
  verbatim: true,
  available: () => installed("python3"),
  send,
};
