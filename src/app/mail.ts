/** The message, as handlers read it. */

import type { ParsedMail, SimpleParserOptions } from "mailparser";
import type { Content } from "../session/content.ts";
import type { Envelope } from "../session/envelope.ts";
import { Chunks } from "./chunks.ts";
import { sha256 } from "./digest.ts";
import { editsOf, keptHeader } from "./edits.ts";
import { MailHeaders } from "./headers.ts";

const encoder = new TextEncoder();

/**
 * A message that was received whole. It can be read as often as wanted, until it has been answered.
 *
 * Its octets are those the client sent, with the trace fields of RFC 5321 section 4.4 before them.
 */
export class Mail {
  readonly #above: string;
  readonly #below: string;
  readonly #content: Content;
  readonly #envelope: Envelope;
  /** What stands in place of the first `#skipped` octets of the content. */
  #head: Uint8Array = new Uint8Array(0);
  #skipped = 0;
  #traceSize = 0;
  /** Which state of the edits that is. */
  #version = -1;
  #headers: MailHeaders | undefined;
  #parsed: Promise<ParsedMail> | undefined;

  /** The message's id: in the log, in `Received:` and in the reply. */
  readonly id: string;

  /**
   * Postern makes one for each message that comes.
   *
   * @param above header fields to put before the message, above those that middleware adds: ASCII, or UTF-8 for
   * SMTPUTF8, CRLF after each.
   * @param below the same, below those that middleware adds.
   * @param content the octets that came.
   * @param envelope whose edits of the header are looked at each time: they may change until `data` is over.
   */
  constructor(id: string, above: string, below: string, content: Content, envelope: Envelope) {
    this.id = id;
    this.#above = above;
    this.#below = below;
    this.#content = content;
    this.#envelope = envelope;
  }

  /** Octets, trace fields included. */
  get size(): number {
    return this.#prepare().length + this.#content.size - this.#skipped;
  }

  /** Octets of the trace fields alone, which stand before what the client sent. */
  get traceSize(): number {
    this.#prepare();
    return this.#traceSize;
  }

  /** The header fields, trace fields included. */
  get headers(): MailHeaders {
    const head = this.#prepare();
    return this.#headers ??= new MailHeaders(joined(head, this.#content.header.subarray(this.#skipped)));
  }

  /**
   * The octets as a web stream; each call starts anew, and whoever reads it owns its chunks. To read them here, iterate
   * over the mail: that costs less.
   */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const chunks = this[Symbol.asyncIterator]();
    return new ReadableStream({
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        // Whoever takes a body may hand its memory on, to a thread of its own for one. A Buffer's slice() is no copy.
        else controller.enqueue(new Uint8Array(value));
      },
      async cancel() {
        await chunks.return?.();
      },
    }, { highWaterMark: 0 });
  }

  /**
   * The octets, chunk by chunk; each loop starts anew. The chunks are the message itself, not copies: read them, and
   * leave them as they are for whoever reads after you.
   *
   * @example
   * ```ts
   * import { Postern } from "postern";
   *
   * const app = new Postern();
   * app.deliver("*", async (c) => {
   *   let octets = 0;
   *   for await (const chunk of c.var.mail) octets += chunk.length;
   *   return c.text(`${octets} octets taken`);
   * });
   * ```
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return new Chunks(this.#prepare(), this.#content, this.#skipped);
  }

  /** All octets, in an array of its own. It is made when memory has room for it; see `spool.memoryBudget`. */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const room = this.#content.makeRoom();
    if (room !== undefined) await room;
    const head = this.#prepare();
    const all = new Uint8Array(this.size);
    if (this.#skipped > 0) return await this.#gather(all);
    all.set(head);
    await this.#content.copyTo(all, head.length);
    return all;
  }

  /** The whole message as text: UTF-8, what is not becomes U+FFFD. Use `parse()` for what a person should read. */
  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /**
   * SHA-256 of the message as the client sent it, lower-case hexadecimal: the same when the client sends it again,
   * because the trace fields, which differ each time, are left out.
   */
  fingerprint(): Promise<string> {
    return sha256(this.#content.read());
  }

  /**
   * The message taken apart by mailparser: subject, addresses, text, HTML, attachments. Parsed once, however often and
   * for however many recipients it is asked for; options count for the first call.
   *
   * @throws {Error} whatever mailparser throws.
   */
  parse(options?: SimpleParserOptions): Promise<ParsedMail> {
    this.#prepare();
    return this.#parsed ??= this.#parse(options);
  }

  /** Brings the head up to date with the edits. */
  #prepare(): Uint8Array {
    const edits = editsOf(this.#envelope);
    const version = edits?.version ?? 0;
    if (version === this.#version) return this.#head;
    this.#version = version;
    this.#headers = undefined;
    this.#parsed = undefined;
    const trace = encoder.encode(this.#above + (edits?.fields ?? "") + this.#below);
    this.#traceSize = trace.length;
    const { header } = this.#content;
    const kept = edits === undefined ? header : keptHeader(header, edits);
    this.#skipped = kept === header ? 0 : header.length;
    return this.#head = kept === header ? trace : joined(trace, kept);
  }

  async #gather(all: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    let at = 0;
    for await (const piece of this) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  async #parse(options: SimpleParserOptions | undefined): Promise<ParsedMail> {
    const room = this.#content.makeRoom();
    if (room !== undefined) await room;
    const [{ simpleParser }, { Readable }] = await Promise.all([import("mailparser"), import("node:stream")]);
    return await simpleParser(Readable.from(this, { objectMode: false }), options);
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}
