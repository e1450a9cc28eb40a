/** Replies as a client reads them. */

/** One whole reply. */
export interface ClientReply {
  /** Three digits. */
  readonly code: number;
  /** The enhanced status code, where there is one. */
  readonly enhanced?: string;
  /** The lines without codes. */
  readonly lines: readonly string[];
  /** The first line's text. */
  readonly text: string;
  /** As it came, without the last CRLF. */
  readonly raw: string;
}

/** Takes whole replies off the front of what came; gives back what is left. */
export function takeReplies(received: string): { readonly replies: readonly ClientReply[]; readonly rest: string } {
  const replies: ClientReply[] = [];
  let rest = received;
  while (true) {
    const match = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/.exec(rest);
    if (match === null) return { replies, rest };
    replies.push(readReply(match[0].slice(0, -2)));
    rest = rest.slice(match[0].length);
  }
}

function readReply(raw: string): ClientReply {
  const lines = raw.split("\r\n").map((line) => line.slice(4));
  const code = Number(raw.slice(0, 3));
  const enhanced = /^([245]\.\d{1,3}\.\d{1,3}) /.exec(lines[0] ?? "")?.[1];
  const texts = enhanced === undefined ? lines : lines.map((line) => line.slice(enhanced.length + 1));
  return { code, ...(enhanced === undefined ? {} : { enhanced }), lines: texts, text: texts[0] ?? "", raw };
}
