/**
 * msmtp, with a configuration file of its own for each run.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { bytesOf, type Client, type Mechanism, type Message, type Outcome } from "./client.ts";
import type { SendOptions, Target } from "./client.ts";
import { installed } from "./found.ts";
import { run } from "./run.ts";
import { scratch } from "./scratch.ts";

/** Sends one message; the output is the conversation. Exit statuses are those of sysexits.h (75: try again). */
export async function send(target: Target, message: Message, options: SendOptions = {}): Promise<Outcome> {
  await using folder = await scratch("msmtp");
  // msmtp wants its configuration to be readable by nobody else.
  const file = await folder.write("msmtprc", configuration(target, message, options).join("\n") + "\n", 0o600);
  const args = ["--file", file, "--debug", ...(options.args ?? []), "--", ...message.to];
  const limit = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
  // It turns LF into CRLF by itself; with CRLF in its input it would send CR CR LF.
  return await run("msmtp", args, { input: withLineFeeds(bytesOf(message)), ...limit });
}

function configuration(target: Target, message: Message, options: SendOptions): string[] {
  const tls = options.tls ?? "none";
  const lines = ["account default", "timeout 12", `domain ${options.helo ?? "client.test"}`];
  if ("unix" in target) lines.push(`socket ${target.unix}`, "host localhost");
  else lines.push(`host ${target.host}`, `port ${target.port}`);
  lines.push(`from ${message.from === "" ? "<>" : message.from}`, `protocol ${options.lmtp ? "lmtp" : "smtp"}`);
  // The message is to arrive as it is.
  lines.push("set_from_header off", "set_date_header off", "set_msgid_header off", "remove_bcc_headers off");
  if (tls !== "none") {
    lines.push("tls on", `tls_starttls ${tls === "starttls" ? "on" : "off"}`);
    lines.push(`tls_host_override ${options.serverName ?? "localhost"}`);
    lines.push(options.ca ? `tls_trust_file ${options.ca}` : "tls_certcheck off");
  }
  const { auth, certificate } = options;
  if (certificate) lines.push(`tls_cert_file ${certificate.cert}`, `tls_key_file ${certificate.key}`);
  if (auth) lines.push(`auth ${auth.mechanism.toLowerCase()}`, `user ${auth.user}`);
  if (auth && auth.mechanism !== "EXTERNAL") lines.push(`password "${auth.password}"`);
  return lines;
}

function withLineFeeds(data: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(data).toString("latin1").replaceAll("\r\n", "\n"), "latin1");
}

const mechanisms: readonly Mechanism[] = [
  "PLAIN",
  "LOGIN",
  "CRAM-MD5",
  "DIGEST-MD5",
  "SCRAM-SHA-1",
  "SCRAM-SHA-256",
  "XOAUTH2",
  "OAUTHBEARER",
  "EXTERNAL",
];

export const msmtp: Client = {
  name: "msmtp",
  tls: ["none", "starttls", "implicit"],
  mechanisms,
  certificates: true,
  lmtp: true,
  unix: true,
  verbatim: true,
  available: () => installed("msmtp"),
  send,
};
