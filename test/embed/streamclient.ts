/** A client for what is no socket, and what it says. */

import { type ClientReply, takeReplies } from "../../src/testing/reply.ts";

/** A client that writes to one end of something, and hears from it. */
export class StreamClient {
  readonly #send: (bytes: Uint8Array) => void;
  readonly #replies: ClientReply[] = [];
  #received = "";
  #hasEnded = false;
  #wake: (() => void) | undefined;

  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  hear(bytes: Uint8Array | null): void {
    if (bytes === null) this.#hasEnded = true;
    else {
      const { replies, rest } = takeReplies(this.#received + new TextDecoder().decode(bytes));
      this.#replies.push(...replies);
      this.#received = rest;
    }
    this.#wake?.();
  }

  write(bytes: Uint8Array): void {
    this.#send(bytes);
  }

  async reply(): Promise<ClientReply> {
    while (this.#replies.length === 0) {
      if (this.#hasEnded) throw new Error("The connection is over");
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#replies.shift()!;
  }

  async closed(): Promise<readonly ClientReply[]> {
    while (!this.#hasEnded) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#replies;
  }
}

/** A session with one refusal, one message, and a server that says WHO it thanks. */
export const script: string = `
  S: 220
  C: EHLO client.test
  S: 250
  C: MAIL FROM:<a@example.org>
  C: RCPT TO:<nobody@example.com>
  C: RCPT TO:<support@example.com>
  C: DATA
  S: 250 2.1.0
  S: 550 5.1.1
  S: 250 2.1.5
  S: 354
  C: Subject: Hi
  C:
  C: .
  S: 250 2.0.0 Thanks, WHO
  C: QUIT
  S: 221 2.0.0
  S: close
`;

/** Hears a stream to its end. */
export async function listenTo(readable: ReadableStream<Uint8Array>, client: StreamClient): Promise<void> {
  for await (const bytes of readable) client.hear(bytes);
  client.hear(null);
}
