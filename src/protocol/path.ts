/** Reverse-path and forward-path (RFC 5321 section 4.1.2): the addresses of MAIL and RCPT. */

import { isAddressLiteral, isDomain } from "./domain.ts";

/** A mailbox as the client wrote it. */
export interface Mailbox {
  /** As sent, quotes kept and any source route gone: `"john doe"@example.com`. */
  readonly address: string;
  /** The local part with quotes and backslashes undone: `john doe`. */
  readonly local: string;
  /** As sent: a domain or an address literal; empty for `<Postmaster>` alone. */
  readonly domain: string;
}

/** What stands between the brackets, and what stands behind them. */
export interface Path {
  /** null for the null reverse-path `<>`. */
  readonly mailbox: Mailbox | null;
  /** The rest of the line: empty, or a blank and parameters, or junk. */
  readonly rest: string;
}

/** Why a path could not be read: there is no `<path>` at all, or what it holds is not an address. */
export type PathError = "syntax" | "address";

/** RFC 5321 section 4.5.3.1.3: 256 octets, brackets and separators included. */
const maxPath = 256;

const encoder = new TextEncoder();

/**
 * Reads a path from the start of `text`.
 *
 * A source route is read and dropped (RFC 5321 section 4.1.1.3, appendix C). A local part past 64 octets is taken as
 * long as the whole path fits: return paths that carry a signature are often longer, and refusing them loses bounces.
 *
 * @example
 * ```ts
 * parsePath("<a@x.test> SIZE=3"); // { mailbox: { address: "a@x.test", local: "a", domain: "x.test" }, rest: " SIZE=3" }
 * ```
 */
export function parsePath(text: string): Path | PathError {
  if (!text.startsWith("<")) return "syntax";
  if (text.startsWith("<>")) return { mailbox: null, rest: text.slice(2) };
  const start = skipSourceRoute(text, 1);
  if (start < 0) return "address";
  const local = readLocalPart(text, start);
  if (local === undefined) return "address";
  let end = local.end;
  let domain = "";
  if (text[end] === "@") {
    const close = text.indexOf(">", end);
    if (close < 0) return "address";
    domain = text.slice(end + 1, close);
    if (!isDomain(domain) && !isAddressLiteral(domain)) return "address";
    end = close;
  } else if (local.value.toLowerCase() !== "postmaster") return "address";
  if (text[end] !== ">") return "address";
  const address = text.slice(start, end);
  if (octets(address) + 2 > maxPath) return "address";
  return { mailbox: { address, local: local.value, domain }, rest: text.slice(end + 1) };
}

/** UTF-8 octets; counted only where they could be too many. */
function octets(address: string): number {
  return address.length * 3 + 2 <= maxPath ? address.length : encoder.encode(address).length;
}

/** Whether an address needs SMTPUTF8 (RFC 6531 section 3.4). */
export function isInternationalized(mailbox: Mailbox): boolean {
  return /[^\x00-\x7f]/.test(mailbox.address);
}

/** `@hop1.test,@hop2.test:`; returns where the mailbox begins, or -1 when the route is malformed. */
function skipSourceRoute(text: string, at: number): number {
  if (text[at] !== "@") return at;
  const colon = routeEnd(text, at);
  if (colon < 0) return -1;
  for (const hop of text.slice(at, colon).split(",")) {
    if (!hop.startsWith("@") || (!isDomain(hop.slice(1)) && !isAddressLiteral(hop.slice(1)))) return -1;
  }
  return colon + 1;
}

/** The colon that ends a source route: one outside the brackets of an address literal. */
function routeEnd(text: string, at: number): number {
  let inLiteral = false;
  for (let i = at; i < text.length; i++) {
    const character = text[i];
    if (character === "[") inLiteral = true;
    else if (character === "]") inLiteral = false;
    else if (character === ":" && !inLiteral) return i;
  }
  return -1;
}

/** Dot-string: atoms of atext (RFC 5322 section 3.2.3, with RFC 6531 section 3.3) parted by single dots. */
const dotString =
  /(?:[\w!#$%&'*+/=?^`{|}~-]|[^\x00-\x9f\ud800-\udfff])+(?:\.(?:[\w!#$%&'*+/=?^`{|}~-]|[^\x00-\x9f\ud800-\udfff])+)*/uy;

/** Quoted-string of qtextSMTP and quoted-pairSMTP (RFC 5321 section 4.1.2, with RFC 6531 section 3.3). */
const quotedString = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|[^\x00-\x9f\ud800-\udfff]|\\[\x20-\x7e])*)"/uy;

function readLocalPart(text: string, at: number): { value: string; end: number } | undefined {
  const isQuoted = text[at] === '"';
  const syntax = isQuoted ? quotedString : dotString;
  syntax.lastIndex = at;
  const match = syntax.exec(text);
  if (match === null) return undefined;
  const value = isQuoted ? match[1]!.replace(/\\(.)/g, "$1") : match[0];
  if (value === "") return undefined;
  return { value, end: syntax.lastIndex };
}
