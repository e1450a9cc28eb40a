/**
 * Messages that are too big to keep, made anew from a seed: the same arguments give the same bytes on every runtime.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** A message with one attachment, and what the attachment must be after parsing. */
export interface AttachmentMail {
  readonly data: Uint8Array;
  readonly filename: string;
  readonly size: number;
  /** Lower-case hex, of the decoded attachment. */
  readonly sha256: string;
}

/**
 * A message of exactly `size` bytes (at least 200): a short header, then 8-bit noise. Lines have 0 to 998 bytes, many
 * of them begin with dots, and the last one has no CRLF. There is no NUL, and no CR or LF but in CRLF, so that every
 * policy for bare newlines lets it pass.
 */
export function noise(size: number, seed = 1): Uint8Array {
  const next = random(seed);
  const header = "From: alice@example.com\r\nTo: bob@example.net\r\nSubject: noise\r\nMIME-Version: 1.0\r\n" +
    "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
  const bytes = new Uint8Array(size);
  let at = Buffer.from(bytes.buffer).write(header, "latin1");
  while (at < size) {
    let line = next() % 997;
    for (let dots = next() % 4; dots > 0 && line > 0 && at < size; dots--, line--) bytes[at++] = 0x2e;
    for (; line > 0 && at < size; line--) bytes[at++] = octet(next());
    // No CRLF where it would be the last thing, or would be cut in half.
    if (at + 2 < size) {
      bytes[at++] = 0x0d;
      bytes[at++] = 0x0a;
    } else {
      while (at < size) bytes[at++] = 0x78;
    }
  }
  return bytes;
}

/** A multipart message with `size` random bytes attached in base64: about 1.37 times as long. */
export function withAttachment(size: number, seed = 1): AttachmentMail {
  const next = random(seed);
  const content = Uint8Array.from({ length: size }, () => next() & 0xff);
  const head =
    "From: alice@example.com\r\nTo: bob@example.net\r\nSubject: one big attachment\r\nMIME-Version: 1.0\r\n" +
    'Content-Type: multipart/mixed; boundary="big"\r\n\r\n' +
    "--big\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nSee the attachment.\r\n" +
    '--big\r\nContent-Type: application/octet-stream; name="big.bin"\r\nContent-Transfer-Encoding: base64\r\n' +
    'Content-Disposition: attachment; filename="big.bin"\r\n\r\n';
  const lines = Buffer.from(content).toString("base64").match(/.{1,76}/g) ?? [];
  return {
    data: Buffer.from(`${head}${lines.join("\r\n")}\r\n--big--\r\n`, "latin1"),
    filename: "big.bin",
    size,
    sha256: createHash("sha256").update(content).digest("hex"),
  };
}

/** A multipart in a multipart, `depth` times, with one line of text in the innermost. */
export function nested(depth: number): Uint8Array {
  let text = "From: alice@example.com\r\nTo: bob@example.net\r\nSubject: nested\r\nMIME-Version: 1.0\r\n";
  for (let level = 0; level < depth; level++) {
    text += `Content-Type: multipart/mixed; boundary="level${level}."\r\n\r\n--level${level}.\r\n`;
  }
  text += "Content-Type: text/plain\r\n\r\ninnermost\r\n";
  for (let level = depth - 1; level >= 0; level--) text += `--level${level}.--\r\n`;
  return Buffer.from(text, "latin1");
}

/** A header of `count` fields, then one line of text. */
export function manyFields(count: number): Uint8Array {
  const fields = Array.from({ length: count }, (_, index) => `X-Field-${index}: value ${index}\r\n`);
  return Buffer.from(`From: alice@example.com\r\nSubject: many fields\r\n${fields.join("")}\r\ntext\r\n`, "latin1");
}

/** Any byte but NUL, LF and CR. */
function octet(value: number): number {
  const byte = value & 0xff;
  return byte === 0x00 || byte === 0x0a || byte === 0x0d ? 0xff : byte;
}

/** Unsigned 32-bit numbers by xorshift (Marsaglia, 2003): quick, repeatable, and for tests only. */
function random(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state >>> 8;
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [kind = "", size = "1000000", seed = "1"] = process.argv.slice(2);
  const makers: Readonly<Record<string, () => Uint8Array>> = {
    noise: () => noise(Number(size), Number(seed)),
    attachment: () => withAttachment(Number(size), Number(seed)).data,
    nested: () => nested(Number(size)),
    fields: () => manyFields(Number(size)),
  };
  const make = makers[kind];
  if (make) process.stdout.write(make());
  else {
    console.error("usage: make.ts noise|attachment|nested|fields SIZE [SEED] > FILE");
    process.exitCode = 2;
  }
}
