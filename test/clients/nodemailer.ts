/**
 * nodemailer, inside the test's own process and as a child under Node.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Auth, bytesOf, type Client, inet, type Message, type Outcome } from "./client.ts";
import type { SendOptions, Target } from "./client.ts";
import { installed, skipped } from "./found.ts";
import { run } from "./run.ts";

// nodemailer brings no types of its own; these are the parts that are used here.
interface Transport {
  sendMail(mail: Readonly<Record<string, unknown>>): Promise<SentMessageInfo>;
  close(): void;
}

/** What nodemailer reports of a message that was accepted for at least one recipient. */
export interface SentMessageInfo {
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
  /** The reply to the end of data. */
  readonly response: string;
  readonly messageId: string;
}

const require = createRequire(import.meta.url);

/** The transport options for a target: what nodemailer's `createTransport` takes. */
export function transportOptions(target: Target, options: SendOptions = {}): Record<string, unknown> {
  const { host, port } = inet(target, "nodemailer");
  const tls = options.tls ?? "none";
  return {
    host,
    port,
    name: options.helo ?? "client.test",
    secure: tls === "implicit",
    ignoreTLS: tls === "none",
    requireTLS: tls === "starttls",
    lmtp: options.lmtp ?? false,
    connectionTimeout: 10_000,
    greetingTimeout: 10_000,
    socketTimeout: 10_000,
    tls: {
      servername: options.serverName ?? "localhost",
      rejectUnauthorized: options.ca !== undefined,
      ...(options.ca ? { ca: readFileSync(options.ca, "utf8") } : {}),
      ...(options.certificate
        ? { cert: readFileSync(options.certificate.cert, "utf8"), key: readFileSync(options.certificate.key, "utf8") }
        : {}),
    },
    ...(options.auth ? authOptions(options.auth) : {}),
  };
}

function authOptions({ mechanism, user, password }: Auth): Record<string, unknown> {
  if (mechanism === "XOAUTH2") return { auth: { type: "OAuth2", user, accessToken: password } };
  return { authMethod: mechanism, auth: { user, pass: password } };
}

/** Sends anything that nodemailer can compose, in this process; rejects when the message is refused. */
export async function compose(
  target: Target,
  mail: Readonly<Record<string, unknown>>,
  options: SendOptions = {},
): Promise<SentMessageInfo> {
  const { createTransport } = require("nodemailer") as { createTransport(options: object): Transport };
  const transport = createTransport(transportOptions(target, options));
  const ms = options.timeoutMs ?? 15_000;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nodemailer took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([transport.sendMail(mail), late]);
  } finally {
    clearTimeout(timer);
    transport.close();
  }
}

/** Sends one message as it is, in this process. */
export async function send(target: Target, message: Message, options: SendOptions = {}): Promise<Outcome> {
  try {
    const info = await compose(target, raw(message), options);
    return { code: 0, output: JSON.stringify(info), timedOut: false };
  } catch (error) {
    const output = String(error);
    return { code: 1, output, timedOut: output.includes("took longer than") };
  }
}

/** Sends one message from a child process, under Node or whichever runtime `program` is. */
export async function sendFromChild(
  target: Target,
  message: Message,
  options: SendOptions & { readonly program?: string } = {},
): Promise<Outcome> {
  const mail = {
    ...raw(message),
    raw: { content: Buffer.from(bytesOf(message)).toString("base64"), encoding: "base64" },
  };
  const job = { path: require.resolve("nodemailer"), transport: transportOptions(target, options), mail };
  const limit = options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs };
  return await run(options.program ?? "node", ["-"], { input: `(${child})(${JSON.stringify(job)})`, ...limit });
}

const child = `function ({ path, transport, mail }) {
  mail.raw = Buffer.from(mail.raw.content, "base64");
  const mailer = require(path).createTransport(transport);
  mailer.sendMail(mail).then(
    (info) => console.log(JSON.stringify(info)),
    (error) => { console.log(String(error)); process.exitCode = 1; },
  );
}`;

function raw(message: Message): Record<string, unknown> {
  return { envelope: { from: message.from, to: [...message.to] }, raw: Buffer.from(bytesOf(message)) };
}

function resolves(): boolean {
  try {
    return require.resolve("nodemailer") !== "";
  } catch {
    return skipped("nodemailer is not installed (npm install brings it)");
  }
}

const common = {
  tls: ["none", "starttls", "implicit"],
  mechanisms: ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"],
  certificates: true,
  lmtp: true,
  unix: false,
  verbatim: true,
} as const;

export const nodemailer: Client = {
  ...common,
  name: "nodemailer",
  available: () => Promise.resolve(resolves()),
  send,
};

export const nodemailerOnNode: Client = {
  ...common,
  name: "nodemailer under Node",
  available: async () => resolves() && await installed("node"),
  send: sendFromChild,
};
