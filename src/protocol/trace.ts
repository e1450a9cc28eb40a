/** The trace fields a receiver writes before a message (RFC 5321 section 4.4). */

import { isUnixAddress } from "./address.ts";

/** What `Received:` tells. */
export interface Trace {
  /** What the client called itself in EHLO, HELO or LHLO. */
  readonly helo: string;
  /** The client's address; empty when it came over a Unix socket. */
  readonly remoteAddress: string;
  /** The server's own name. */
  readonly by: string;
  /** The protocol keyword of RFC 3848: `ESMTP`, `ESMTPSA`, `LMTP` … */
  readonly protocol: string;
  readonly id: string;
  /** Named only when the message has a single recipient: a list would tell each of the others. */
  readonly recipient?: string | undefined;
  readonly date: Date;
  /** The TLS version and cipher, for the comment that people look for. */
  readonly tls?: { readonly protocol: string; readonly cipher: string } | undefined;
}

/**
 * The `Received:` field, folded, CRLF included.
 *
 * The client's own words may only be what the grammar allows, whatever it said: EHLO tolerates more than a header does.
 */
export function formatReceived(trace: Trace): string {
  const address = trace.remoteAddress;
  const literal = isUnixAddress(address) ? "" : ` (${addressLiteral(address)})`;
  const tls = trace.tls ? `\r\n\t(using ${word(trace.tls.protocol)} with cipher ${word(trace.tls.cipher)})` : "";
  const recipient = trace.recipient === undefined ? "" : `\r\n\tfor <${trace.recipient}>`;
  return `Received: from ${word(trace.helo)}${literal}${tls}\r\n` +
    `\tby ${trace.by} with ${trace.protocol} id ${trace.id}${recipient};\r\n` +
    `\t${formatDate(trace.date)}\r\n`;
}

/** The `Return-Path:` field of final delivery, CRLF included. */
export function formatReturnPath(reversePath: string): string {
  return `Return-Path: <${reversePath}>\r\n`;
}

/** RFC 5321 section 4.1.3: `[192.0.2.1]` or `[IPv6:2001:db8::1]`. */
export function addressLiteral(address: string): string {
  return address.includes(":") ? `[IPv6:${address}]` : `[${address}]`;
}

function word(text: string): string {
  return text.replace(/[^\w.:[\]\-\u00a0-\uffff]/g, "?") || "unknown";
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** RFC 5322 section 3.3, in UTC. */
export function formatDate(date: Date): string {
  const second = Math.floor(date.getTime() / 1000);
  if (second !== latest.second) latest = { second, text: spellDate(date) };
  return latest.text;
}

/** Messages of the same second have the same date, and a busy server spells it once. */
let latest = { second: NaN, text: "" };

function spellDate(date: Date): string {
  const two = (n: number) => n < 10 ? `0${n}` : `${n}`;
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const day = `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
  return `${days[date.getUTCDay()]}, ${day} ${time} +0000`;
}
