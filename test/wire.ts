/** An SMTP client on a real connection that sends what it is told, octet for octet. */

import { connect, type NetConnectOpts, type Socket } from "node:net";
import type { ClientReply, DialogueClient } from "postern/testing";
import { takeReplies } from "../src/testing/reply.ts";

/** How the octets are cut: all at once, or one by one, each in a segment of its own. */
export type Cut = "whole" | "byte by byte";

export class WireClient implements DialogueClient {
  readonly socket: Socket;
  readonly #cut: Cut;
  readonly #replies: ClientReply[] = [];
  #received = "";
  #hasEnded = false;
  #wake: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(socket: Socket, cut: Cut) {
    this.socket = socket;
    this.#cut = cut;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      const { replies, rest } = takeReplies(this.#received + chunk.toString());
      this.#replies.push(...replies);
      this.#received = rest;
      this.#wake?.();
    });
    // A reset after the last reply, and an end, are both the end.
    socket.on("error", () => this.#end());
    socket.on("close", () => this.#end());
    socket.on("end", () => this.#end());
  }

  static async connect(where: NetConnectOpts, cut: Cut = "whole"): Promise<WireClient> {
    const socket = connect({ host: "127.0.0.1", allowHalfOpen: true, ...where } as NetConnectOpts);
    // A socket may have more than one error, and only the first one rejects.
    await new Promise((resolve, reject) => socket.once("connect", resolve).on("error", reject));
    return new WireClient(socket, cut);
  }

  /** A client on a connection that was made elsewhere, such as an encrypted one. */
  static over(socket: Socket): WireClient {
    return new WireClient(socket, "whole");
  }

  write(data: Uint8Array | string): void {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    if (this.#cut === "whole") this.socket.write(bytes);
    else this.#writing = this.#writing.then(() => this.#writeOneByOne(bytes));
  }

  /** Sends a line and waits for its reply. */
  command(line: string): Promise<ClientReply> {
    this.write(`${line}\r\n`);
    return this.reply();
  }

  async reply(): Promise<ClientReply> {
    while (this.#replies.length === 0) {
      if (this.#hasEnded) throw new Error(`The server closed the connection; unread: "${this.#received}"`);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#replies.shift()!;
  }

  async closed(): Promise<readonly ClientReply[]> {
    while (!this.#hasEnded) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#replies;
  }

  /** FIN: nothing more will be sent. */
  end(): void {
    this.#writing.then(() => this.socket.end());
  }

  destroy(): void {
    this.socket.destroy();
  }

  async #writeOneByOne(bytes: Uint8Array): Promise<void> {
    for (const byte of bytes) {
      this.socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }
}
