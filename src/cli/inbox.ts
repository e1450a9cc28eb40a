/** The development inbox, served when there is no ENTRY: takes mail for anybody, shows it, keeps nothing. */

import { Postern } from "../app/postern.ts";
import type { Mail } from "../app/mail.ts";
import { describeError, visible } from "../visible.ts";
import { unmapped } from "../protocol/domain.ts";
import type { Session } from "../session/session.ts";

/** A message as the inbox shows it. Text is as it came: escape what is printed. */
export interface Arrival {
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  /** The `Date:` field as it was written. */
  readonly date: string;
  /** Octets that came, as the log counts them: without trace fields. */
  readonly size: number;
  readonly attachments: readonly { readonly name: string; readonly type: string; readonly size: number }[];
  readonly client: Session;
  /** The first lines of the text. */
  readonly text: readonly string[];
  /** Lines of text beyond those. */
  readonly moreLines: number;
  /** Why the message could not be taken apart, if so. */
  readonly problem?: string;
}

const linesShown = 5;

/** An app that takes every message. `show` is told of each before its sender is. */
export function inbox(show: (arrival: Arrival) => void): Postern {
  const app = new Postern();
  app.data(async (c) => {
    const { mail, envelope, session } = c.var;
    show({
      id: mail.id,
      from: envelope.from?.address ?? "",
      to: envelope.to.map((recipient) => recipient.address),
      size: mail.size - mail.traceSize,
      client: session,
      date: mail.headers.get("date") ?? "",
      ...await contentOf(mail),
    });
    return c.body(null, 204);
  });
  return app;
}

/** Whether only this machine can reach the address. */
export function isLoopback(hostname: string): boolean {
  const address = unmapped(hostname.toLowerCase());
  return address === "localhost" || address === "::1" || /^127\.\d+\.\d+\.\d+$/.test(address);
}

type Content = Pick<Arrival, "subject" | "attachments" | "text" | "moreLines" | "problem">;

async function contentOf(mail: Mail): Promise<Content> {
  try {
    const { subject = "", text = "", attachments } = await mail.parse();
    const lines = text.split(/\r?\n/).map((line) => line.trimEnd()).filter((line) => line !== "");
    return {
      subject,
      attachments: attachments.map(({ filename, contentType, size }) => ({
        name: filename ?? "",
        type: contentType,
        size,
      })),
      text: lines.slice(0, linesShown),
      moreLines: Math.max(0, lines.length - linesShown),
    };
  } catch (error) {
    // It is shown all the same: a message that cannot be read is what one wants to hear of.
    const subject = mail.headers.get("subject") ?? "";
    return { subject, attachments: [], text: [], moreLines: 0, problem: describeError(error) };
  }
}

/** The fields of a log line. JSON escapes what it must by itself. */
export function arrivalFields({ client, ...arrival }: Arrival): Record<string, unknown> {
  const { id, remote, helo, protocol, tls, user } = client;
  return { ...arrival, session: id, client: remote.address, helo, protocol, tls: tls?.protocol, user };
}

/** How a part of the text is set off. */
type Emphasis = (text: string) => string;

/** The message as a block of lines. */
export function describeArrival(arrival: Arrival, bold: Emphasis, dim: Emphasis): string {
  const { from, to, subject, date, size, attachments, text, moreLines, problem } = arrival;
  const rows: [label: string, value: string][] = [
    ["from", `<${visible(from)}>`],
    ...to.map((address, at): [string, string] => [at === 0 ? "to" : "", `<${visible(address)}>`]),
    ["subject", bold(visible(shortened(subject)) || "(none)")],
    ["date", visible(shortened(date)) || "(none)"],
    ["size", sizeText(size)],
    ...attachments.map(({ name, type, size }, at): [string, string] => [
      at === 0 ? "attached" : "",
      `${visible(shortened(name)) || "(no name)"} (${visible(shortened(type))}, ${sizeText(size)})`,
    ]),
    ["came", howItCame(arrival.client)],
    ...text.map((line, at): [string, string] => [at === 0 ? "text" : "", visible(shortened(line))]),
  ];
  if (moreLines > 0) rows.push(["", dim(`… and ${moreLines} more ${moreLines === 1 ? "line" : "lines"}`)]);
  if (problem !== undefined) rows.push(["problem", `could not be taken apart: ${problem}`]);
  const lines = rows.map(([label, value]) => `  ${dim(label.padEnd(9))}${value}\n`);
  return `\n${bold(`A message came: ${arrival.id}`)}\n${lines.join("")}\n`;
}

function howItCame({ remote, helo, protocol, tls, user }: Session): string {
  const who = remote.address === "" ? "over a Unix socket" : `from ${visible(remote.address)}`;
  const login = user === undefined ? "not logged in" : `logged in as ${visible(user)}`;
  const cipher = tls === undefined ? "not encrypted" : `encrypted by ${visible(tls.protocol)}`;
  return `${who}, which calls itself ${visible(shortened(helo ?? "nothing"))}, by ${protocol}, ${cipher}, ${login}`;
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}

function sizeText(octets: number): string {
  if (octets < 1024) return `${octets} octets`;
  const mebi = octets / 2 ** 20;
  return mebi < 1 ? `${(octets / 1024).toFixed(1)} KiB` : `${mebi.toFixed(1)} MiB`;
}
