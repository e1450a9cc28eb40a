/**
 * SMTP replies: a value, and the bytes it becomes (RFC 5321 section 4.2).
 *
 * Whatever text a reply carries, it leaves as printable lines of at most 512 octets, each with the same code and the
 * same enhanced status code: nothing an application or a client wrote can start a reply of its own.
 */

/** One SMTP reply. */
export interface Reply {
  /** Three digits, 200 to 599. */
  readonly code: number;
  /** Enhanced status code without its code, as `5.1.1` (RFC 3463). Absent in the greeting, EHLO and 3xx replies. */
  readonly enhanced?: string;
  /** One line, or several. Anything that is not printable becomes a space or `?` when it is written. */
  readonly text: string | readonly string[];
  /** The connection ends after this reply. */
  readonly close?: boolean;
}

/** A reply that is always the same, ready to be sent. */
export interface FixedReply extends Reply {
  /** As {@linkcode formatReply} writes it. */
  readonly line: string;
  /** The same as octets. They are shared: nobody changes them. */
  readonly octets: Uint8Array;
}

const encoder = new TextEncoder();

/** Makes a reply ready, once, to be sent often. What is made of it by `{ ...reply }` is not ready. */
export function ready(reply: Reply): FixedReply {
  const line = formatReply(reply);
  const hidden = { line: { value: line }, octets: { value: encoder.encode(line) } };
  return Object.freeze(Object.defineProperties({ ...reply }, hidden)) as FixedReply;
}

/**
 * Whether a reply speaks of syntax, of the order of commands (the second digit is 0, RFC 5321 section 4.2.1), or of a
 * parameter that nobody offered.
 */
export function isProtocolError({ code }: Reply): boolean {
  return (code >= 500 && code < 510) || code === 555;
}

/** The reply to a client that was not offered enhanced status codes (RFC 2034). */
export function withoutEnhanced({ code, text }: Reply): Reply & Partial<FixedReply> {
  return { code, text };
}

/** RFC 5321 section 4.5.3.1.5: "including the reply code and the <CRLF>". */
const maxLine = 512;

/**
 * The reply as it goes on the wire, CRLF included.
 *
 * @param utf8 whether the client may be sent UTF-8 (RFC 6531 section 3.7.4); otherwise other letters become `?`.
 *
 * @example
 * ```ts
 * formatReply({ code: 250, enhanced: "2.1.0", text: "Ok" }); // "250 2.1.0 Ok\r\n"
 * ```
 */
export function formatReply(reply: Reply, utf8 = false): string {
  const status = reply.enhanced === undefined ? "" : `${reply.enhanced} `;
  const room = maxLine - 6 - status.length;
  if (typeof reply.text === "string" && reply.text.length <= room && isPlain(reply.text)) {
    return `${reply.code} ${status}${reply.text}\r\n`;
  }
  const lines = typeof reply.text === "string" ? [reply.text] : reply.text;
  const wrapped = lines.flatMap((line) => wrap(clean(line, utf8), room));
  if (wrapped.length === 0) wrapped.push("");
  const last = wrapped.length - 1;
  return wrapped.map((line, i) => `${reply.code}${i === last ? " " : "-"}${status}${line}\r\n`).join("");
}

const notPlain = /[^\x20-\x7e]/;

function isPlain(text: string): boolean {
  return !notPlain.test(text);
}

/** Controls, CR and LF among them, become one space; letters the client cannot read become `?`. */
function clean(text: string, utf8: boolean): string {
  if (isPlain(text)) return text;
  const printable = text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ").trim();
  return utf8 ? printable.toWellFormed() : printable.replace(/[^\x20-\x7e]/gu, "?");
}

/** Breaks at the last blank that fits; a word longer than a line is cut. Counts UTF-8 octets. Looks at each letter once. */
function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  let start = 0;
  let end = fitting(text, start, room);
  while (end < text.length) {
    // A blank right behind the line is as good as one in it.
    const blank = text.slice(start, end + 1).lastIndexOf(" ");
    if (blank > 0) end = start + blank;
    lines.push(text.slice(start, end));
    start = end;
    while (text[start] === " ") start++;
    end = fitting(text, start, room);
  }
  lines.push(text.slice(start));
  return lines;
}

/** Up to where a line from `start` on fits into `room` octets without splitting a character. */
function fitting(text: string, start: number, room: number): number {
  let end = start;
  let left = room;
  while (end < text.length) {
    const point = text.codePointAt(end)!;
    left -= point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (left < 0) break;
    end += point < 0x10000 ? 1 : 2;
  }
  return end;
}
