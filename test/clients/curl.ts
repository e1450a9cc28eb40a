/**
 * curl's smtp:// and smtps://.
 *
 * @module
 */

import { type Auth, bytesOf, type Client, inet, type Message, type Outcome } from "./client.ts";
import type { SendOptions, Target } from "./client.ts";
import { installed } from "./found.ts";
import { run } from "./run.ts";
import { scratch } from "./scratch.ts";

/** Sends one message; the output is curl's verbose log. Exit status 55 or 56: refused, 67: not authenticated. */
export async function send(target: Target, message: Message, options: SendOptions = {}): Promise<Outcome> {
  const { host, port } = inet(target, "curl");
  await using folder = await scratch("curl");
  const file = await folder.write("message.eml", bytesOf(message));
  const tls = options.tls ?? "none";
  const name = tls === "none" ? host : options.serverName ?? "localhost";
  const url = `${tls === "implicit" ? "smtps" : "smtp"}://${name}:${port}/${options.helo ?? "client.test"}`;
  const args = [
    "--disable",
    "--noproxy",
    "*",
    "--verbose",
    "--silent",
    "--show-error",
    "--max-time",
    "12",
    "--url",
    url,
  ];
  if (name !== host) args.push("--connect-to", `${name}:${port}:${host}:${port}`);
  if (tls === "starttls") args.push("--ssl-reqd");
  if (options.ca) args.push("--cacert", options.ca);
  else if (tls !== "none") args.push("--insecure");
  if (options.certificate) args.push("--cert", options.certificate.cert, "--key", options.certificate.key);
  if (options.auth) args.push(...authArguments(options.auth));
  args.push("--mail-from", message.from, "--upload-file", file, ...(options.args ?? []));
  for (const to of message.to) args.push("--mail-rcpt", to);
  return await run("curl", args, options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs });
}

function authArguments({ mechanism, user, password }: Auth): string[] {
  const args = ["--login-options", `AUTH=${mechanism}`, "--sasl-ir"];
  switch (mechanism) {
    case "XOAUTH2":
    case "OAUTHBEARER":
      return [...args, "--user", user, "--oauth2-bearer", password];
    case "EXTERNAL":
      return [...args, "--user", `${user}:`];
    default:
      return [...args, "--user", `${user}:${password}`];
  }
}

export const curl: Client = {
  name: "curl",
  tls: ["none", "starttls", "implicit"],
  mechanisms: ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "XOAUTH2", "OAUTHBEARER", "EXTERNAL"],
  certificates: true,
  lmtp: false,
  unix: false,
  verbatim: true,
  available: () => installed("curl"),
  send,
};
