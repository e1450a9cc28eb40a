/** Bodies of requests, made of values. */

import type { RequestBody } from "./format.ts";

const encoder = new TextEncoder();

/** A value as JSON. */
export function jsonBody(value: unknown): RequestBody {
  return bytesBody("application/json", encoder.encode(JSON.stringify(value)));
}

/** No body at all. */
export const emptyBody: RequestBody = { headers: {}, size: 0, read: () => [] };

/** Octets of a type. */
function bytesBody(type: string, bytes: Uint8Array): RequestBody {
  return { headers: { "content-type": type }, size: bytes.length, read: () => [bytes] };
}

/** One part of a form. */
export interface FormPart {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** Given, the part is a file. */
  readonly filename?: string;
  readonly type?: string;
}

/** multipart/form-data (RFC 7578). Values are UTF-8. */
export function formBody(parts: readonly FormPart[]): RequestBody {
  const boundary = `postern-${crypto.randomUUID()}`;
  const pieces: Uint8Array[] = [];
  for (const { name, content, filename, type } of parts) {
    const file = filename === undefined ? "" : `; filename="${quotable(filename)}"`;
    const typed = type === undefined ? "" : `Content-Type: ${type.replace(/[^\x20-\x7e]/g, "")}\r\n`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quotable(name)}"${file}\r\n${typed}\r\n`;
    pieces.push(encoder.encode(head), typeof content === "string" ? encoder.encode(content) : content, newLine);
  }
  pieces.push(encoder.encode(`--${boundary}--\r\n`));
  return {
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    size: pieces.reduce((sum, piece) => sum + piece.length, 0),
    read: () => pieces,
  };
}

const newLine = encoder.encode("\r\n");

/** Names in quotes, as browsers write them (HTML, "multipart/form-data encoding algorithm"). */
function quotable(text: string): string {
  return text.toWellFormed().replace(/[\r\n"]/g, (character) => encodeURIComponent(character))
    .replace(/[\x00-\x1f\x7f]/g, "");
}
