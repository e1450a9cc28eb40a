/** An SMTP client over a connection in memory. */

import type { MailHandler } from "../app/handler.ts";
import { createEngine, type Engine } from "../engine.ts";
import type { ServeOptions } from "../options.ts";
import { MemorySocket } from "./memorysocket.ts";
import { type ClientReply, takeReplies } from "./reply.ts";

/** Options of the testing kit: those of `serve()`, and where the client pretends to be. */
export interface TestOptions extends Omit<ServeOptions, "port" | "hostname" | "unix" | "native"> {
  /** Default `127.0.0.1`. */
  readonly remoteAddress?: string;
}

const encoder = new TextEncoder();

/**
 * A client that speaks to a handler through the real protocol engine, without a socket.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { TestClient } from "postern/testing";
 *
 * const app = new Postern();
 * app.deliver("support@example.com", (c) => c.text("Thanks"));
 * const client = new TestClient(app);
 * await client.reply(); // the greeting
 * const ehlo = await client.command("EHLO client.example.org");
 * console.log(ehlo.code); // 250
 * await client.close();
 * ```
 */
export class TestClient {
  readonly #engine: Engine;
  readonly #socket: MemorySocket;
  readonly #decoder = new TextDecoder();
  #received = "";
  readonly #replies: ClientReply[] = [];
  #hasEnded = false;
  readonly #wakes: (() => void)[] = [];

  /** Connects to `handler`; the greeting is the first of its replies. */
  constructor(handler: MailHandler, options: TestOptions = {}) {
    const { remoteAddress, ...serveOptions } = options;
    this.#engine = createEngine(handler, { name: "mx.test", ...serveOptions });
    this.#socket = new MemorySocket((bytes) => this.#receive(bytes), remoteAddress);
    this.#engine.accept(this.#socket);
  }

  /** Sends octets as they are; text as UTF-8. */
  write(data: string | Uint8Array): void {
    this.#socket.receive(typeof data === "string" ? encoder.encode(data) : data);
  }

  /** Sends a line and waits for its reply. */
  command(line: string): Promise<ClientReply> {
    this.write(`${line}\r\n`);
    return this.reply();
  }

  /** The next reply. Rejects when the connection is over and none is left. */
  async reply(): Promise<ClientReply> {
    while (this.#replies.length === 0) {
      if (this.#hasEnded) throw new Error("The server closed the connection, and no reply is left to read");
      await this.#news();
    }
    return this.#replies.shift()!;
  }

  /** Says that nothing more will be sent: the client's FIN. */
  end(): void {
    this.#socket.receiveEnd();
  }

  /** Waits until the server has closed the connection; gives the replies that nobody read. */
  async closed(): Promise<readonly ClientReply[]> {
    while (!this.#hasEnded) await this.#news();
    return this.#replies;
  }

  /** Ends the session, if it is not over, and waits until the server has put everything away. */
  async close(): Promise<void> {
    this.end();
    await this.#engine.close();
  }

  #receive(bytes: Uint8Array | null): void {
    if (bytes === null) this.#hasEnded = true;
    else {
      const { replies, rest } = takeReplies(this.#received + this.#decoder.decode(bytes, { stream: true }));
      this.#replies.push(...replies);
      this.#received = rest;
    }
    for (const wake of this.#wakes.splice(0)) wake();
  }

  /** Waits for something to come; several may. */
  #news(): Promise<void> {
    return new Promise((resolve) => this.#wakes.push(resolve));
  }
}
