/**
 * Slow and obvious readings of what comes after DATA and BDAT, to compare the fast ones with. They look at the whole
 * input at once, as text of one character for each octet.
 */

/** What a message is made of the bytes after 354, or that there is no end in them. */
export interface Read {
  readonly message: string;
  readonly bareNewlines: number;
  /** What follows the message. */
  readonly rest: string;
}

/** The end is the first CRLF.CRLF, or .CRLF at the very beginning. */
export function readData(input: string, normalize: boolean): Read | undefined {
  // The 354 stood at the end of a line of its own: as if CRLF came before the message.
  const end = `\r\n${input}`.indexOf("\r\n.\r\n");
  if (end < 0) return undefined;
  const stuffed = input.slice(0, end);
  const unstuffed = `\r\n${stuffed}`.replaceAll("\r\n.", "\r\n").slice(2);
  return { ...readText(unstuffed, stuffed, normalize), rest: input.slice(end + 3) };
}

/** Text that was counted: nothing is taken away. */
export function readChunks(input: string, normalize: boolean): Read {
  return { ...readText(input, input, normalize), rest: "" };
}

function readText(text: string, counted: string, normalize: boolean): { message: string; bareNewlines: number } {
  const bareNewlines = [...counted.matchAll(/\r\n|\r|\n/g)].filter(([newline]) => newline !== "\r\n").length;
  return { message: normalize ? text.replace(/\r\n|\r|\n/g, "\r\n") : text, bareNewlines };
}

/** Numbers that look random and are the same in each run (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One octet for each character. */
export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** One character for each octet. */
export function toText(pieces: readonly Uint8Array[]): string {
  let text = "";
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += 4096) text += String.fromCharCode(...piece.subarray(at, at + 4096));
  }
  return text;
}
