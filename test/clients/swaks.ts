/**
 * Swaks, the Swiss army knife of SMTP.
 *
 * @module
 */

import type { Endpoint } from "../../src/socket.ts";
import { type Client, type Message, type Outcome, type SendOptions, stuffed, type Target, type Tls } from "./client.ts";
import { find, installed } from "./found.ts";
import { run } from "./run.ts";
import { scratch } from "./scratch.ts";

const tlsArguments: Readonly<Record<Tls, readonly string[]>> = {
  none: [],
  starttls: ["--tls"],
  implicit: ["--tls-on-connect"],
};

/** What only Swaks does. */
export interface SwaksOptions extends SendOptions {
  /** MAIL, RCPT and DATA in one write, when the server offers PIPELINING. */
  readonly pipeline?: boolean;
  /** One reply for each recipient, when the server offers PRDR. */
  readonly prdr?: boolean;
  /** A header of the PROXY protocol, sent before all else. */
  readonly proxy?: { readonly version: 1 | 2; readonly source: Endpoint; readonly destination: Endpoint };
  /** XCLIENT attributes, all in one command: `{ ADDR: "192.0.2.1", HELO: "there.test" }`. */
  readonly xclient?: Readonly<Record<string, string>>;
  /** Ends the session after this stage: `connect`, `helo`, `auth`, `mail`, `rcpt`, `data`, … */
  readonly quitAfter?: string;
}

/** Sends one message; the output is Swaks's transcript. Its exit status tells the stage that failed (24: data, …). */
export async function send(target: Target, message: Message, options: SwaksOptions = {}): Promise<Outcome> {
  const program = await find("swaks") ?? "swaks";
  await using folder = await scratch("swaks");
  // Without its "fix-up" Swaks sends the file as it is and a CRLF, so the dots and the last dot are ours to write.
  const data = await folder.write("message.eml", stuffed(message).subarray(0, -2));
  const args = ["--config", "", "--timeout", "10", "--helo", options.helo ?? "client.test"];
  if ("unix" in target) args.push("--socket", target.unix);
  else args.push("--server", target.host, "--port", String(target.port));
  args.push("--from", message.from === "" ? "<>" : message.from, "--to", message.to.join(","));
  args.push("--no-data-fixup", "--data", `@${data}`);
  args.push(...tlsArguments[options.tls ?? "none"], ...optional(options), ...(options.args ?? []));
  return await run(program, args, { ...limit(options), env: { SWAKS_HOME: folder.path } });
}

function optional(options: SwaksOptions): string[] {
  const args: string[] = [];
  if (options.lmtp) args.push("--protocol", "LMTP");
  if (options.tls !== undefined && options.tls !== "none") args.push("--tls-sni", options.serverName ?? "localhost");
  if (options.ca) args.push("--tls-verify", "--tls-ca-path", options.ca);
  if (options.certificate) args.push("--tls-cert", options.certificate.cert, "--tls-key", options.certificate.key);
  const { auth, proxy } = options;
  if (auth) args.push("--auth", auth.mechanism, "--auth-user", auth.user, "--auth-password", auth.password);
  if (options.pipeline) args.push("--pipeline");
  if (options.prdr) args.push("--prdr");
  if (options.quitAfter) args.push("--quit-after", options.quitAfter);
  if (options.xclient) {
    args.push("--xclient", Object.entries(options.xclient).map(([name, value]) => `${name}=${value}`).join(" "));
  }
  if (proxy) args.push("--proxy-version", String(proxy.version), ...proxyArguments(proxy));
  return args;
}

function proxyArguments({ version, source, destination }: NonNullable<SwaksOptions["proxy"]>): string[] {
  const six = source.address.includes(":") ? 6 : 4;
  const family = version === 1 ? `TCP${six}` : six === 6 ? "AF_INET6" : "AF_INET";
  const args = ["--proxy-family", family, "--proxy-source", source.address, "--proxy-source-port", String(source.port)];
  return [...args, "--proxy-dest", destination.address, "--proxy-dest-port", String(destination.port)];
}

function limit(options: SendOptions): { timeoutMs?: number } {
  return options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
}

export const swaks: Client = {
  name: "swaks",
  tls: ["none", "starttls", "implicit"],
  mechanisms: ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5"],
  certificates: true,
  lmtp: true,
  unix: true,
  verbatim: true,
  available: () => installed("swaks"),
  send,
};
