/** The octets to and from one client, and how long either may keep the other waiting. */

import { formatReply, type Reply } from "../protocol/reply.ts";
import { wireOctets } from "./outgoing.ts";
import type { ChannelBindingType } from "../sasl/mod.ts";
import type { Socket, TlsInfo } from "../socket.ts";
import type { Deadline } from "./deadline.ts";
import type { Departing, Departures } from "./departures.ts";
import { Input, type Line } from "./input.ts";
import type { Timeouts } from "./options.ts";
import type { Pace } from "./pace.ts";
import * as replies from "./replies.ts";
import type { Tap } from "./tap.ts";

/** How a session ended, for the log: the client's QUIT, its disappearance, or the server's reason. */
export type Ending = "quit" | "lost" | "timeout" | "shutdown" | "closed" | "handshake" | "failed";

const decoder = new TextDecoder();

/** One client's connection, read line by line or block by block, written batch by batch. */
export class Wire implements Deadline, Departing {
  readonly input: Input;
  readonly #socket: Socket;
  readonly #timeouts: Timeouts;
  readonly #departures: Departures | undefined;
  /** How it ended. */
  ending: Ending = "lost";
  deadline: number = Infinity;
  /** Who writes down what is said, where somebody does. */
  tap: Tap | undefined;
  /** What waits for the end of the batch (RFC 2920 section 3.2). */
  #out = "";
  /** The same, where it is ready. */
  #octets: Uint8Array | undefined;
  #isEnding = false;
  #isShuttingDown = false;
  #isDeparting = false;
  /** What the socket failed with, or who writes down what is said: then there is nothing more to say. */
  #fault: { readonly error: unknown } | undefined;
  /** The client is slow to read what was sent. */
  #blocked: Promise<void> | undefined;
  #state: "talking" | "waiting for a command" | "shaking hands" = "talking";

  /** @param departures with whose replies the own ones leave; absent, they leave at once. */
  constructor(socket: Socket, timeouts: Timeouts, departures?: Departures) {
    this.#socket = socket;
    this.#timeouts = timeouts;
    this.#departures = departures;
    this.input = new Input(socket);
  }

  /** Whether the last word was said: nothing more is read, or said. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Whether a handshake is possible, and still to be made. */
  get canEncrypt(): boolean {
    return this.#socket.tls === undefined && this.#socket.startTls !== undefined;
  }

  /** What binds an exchange to this connection; see {@linkcode Socket.channelBinding}. */
  channelBinding(type: ChannelBindingType): Uint8Array | undefined {
    return this.#socket.channelBinding?.(type);
  }

  /** Puts text behind what waits to be sent. `octets` are the same, for who has them at hand. */
  send(text: string, octets?: Uint8Array): void {
    this.#octets = this.#out === "" ? octets : undefined;
    this.#out += text;
  }

  /** Sends what waits. A promise means that the client is slow to read. Fails as `depart` did. */
  flush(): Promise<void> | undefined {
    if (this.#blocked !== undefined) return this.#waitForReader(this.#blocked).then(() => this.flush());
    this.depart();
    this.#throwFault();
    return this.#blocked === undefined ? undefined : this.#waitForReader(this.#blocked);
  }

  /** Hands what waits to the socket, read or not. Never throws: others depart behind it. The session hears of it later. */
  depart(): void {
    this.#isDeparting = false;
    if (this.#out === "") return;
    const text = this.#out;
    const bytes = this.#octets ?? wireOctets(text);
    this.#out = "";
    this.#octets = undefined;
    if (this.#fault !== undefined) return;
    try {
      this.tap?.replies(text);
      const slow = this.#socket.write(bytes);
      if (slow === undefined) return;
      const blocked = this.#blocked = slow.catch((error) => this.#fail(error)).then(() => {
        if (this.#blocked === blocked) this.#blocked = undefined;
      });
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#fault ??= { error };
    this.#socket.destroy();
  }

  #throwFault(): void {
    if (this.#fault !== undefined) throw this.#fault.error;
  }

  /** Lets what waits leave with the replies of others. A promise means that the client has not read earlier ones. */
  #flushSoon(): Promise<void> | undefined {
    if (this.#blocked !== undefined || !this.#departures?.areShared) return this.flush();
    if (this.#out === "" || this.#isDeparting) return;
    this.#isDeparting = true;
    this.#departures.add(this);
  }

  /** The next line within a command that has several; or the reply to a command that will never be whole. */
  async readLine(limit: number): Promise<Line | Reply> {
    let line: Line | undefined;
    while ((line = this.input.takeLine(limit)) === undefined) {
      if (this.#isShuttingDown) return replies.shuttingDown;
      if (!await this.waitForLine(this.#timeouts.command)) return replies.lost;
    }
    this.deadline = Infinity;
    this.tap?.response(line);
    return line;
  }

  /**
   * Sends what waits, and reads more of a line.
   *
   * @param patience milliseconds for the whole line, however many pieces it comes in.
   * @returns false when the client will send no more, or the server wants to hear no more.
   */
  async waitForLine(patience: number): Promise<boolean> {
    const flushed = this.#flushSoon();
    if (flushed !== undefined) await flushed;
    if (this.#isShuttingDown) {
      this.end("shutdown");
      this.#sayLast(replies.shuttingDown);
      return false;
    }
    if (this.deadline === Infinity) this.allow(patience);
    this.#state = "waiting for a command";
    const bytes = await this.input.read();
    this.#state = "talking";
    this.#throwFault();
    return this.input.take(bytes);
  }

  /** Reads more of a message; false when the client will send no more, or was too slow. */
  async fill(pace: Pace): Promise<boolean> {
    // Whoever waits for more sends first what is ready (RFC 2920 section 3.2): the client may wait for it.
    const flushed = this.#flushSoon();
    if (flushed !== undefined) await flushed;
    this.allow(pace.patience);
    const bytes = await this.input.read();
    this.deadline = Infinity;
    this.#throwFault();
    return this.input.take(bytes);
  }

  /**
   * Says `goAhead` and shakes hands. What the client sent before is thrown away, unread and half-read: nobody vouches
   * for it (RFC 3207 section 6).
   *
   * @throws what the runtime says of a failed handshake; the connection is over then, without another word.
   */
  async encrypt(goAhead: Uint8Array): Promise<TlsInfo> {
    const flushed = this.flush();
    if (flushed !== undefined) await flushed;
    this.input.discard();
    this.allow(this.#timeouts.handshake);
    this.#state = "shaking hands";
    try {
      if (this.#socket.startTls === undefined) throw new Error("The socket has no TLS");
      this.tap?.replies(decoder.decode(goAhead));
      await this.#socket.startTls(goAhead);
      const { tls } = this.#socket;
      if (tls === undefined) throw new Error("The socket shook hands, and knows nothing of its encryption");
      this.tap?.encrypted(tls);
      return tls;
    } catch (error) {
      this.end("handshake");
      this.#socket.destroy();
      throw error;
    } finally {
      this.#state = "talking";
      this.deadline = Infinity;
    }
  }

  /** Gives the client `milliseconds` from now. */
  allow(milliseconds: number): void {
    this.deadline = performance.now() + milliseconds;
  }

  /** The client took too long: to send, or to read. */
  expire(): void {
    this.deadline = Infinity;
    this.end("timeout");
    // In the middle of a handshake no word in the clear would be understood, or safe.
    if (this.#blocked !== undefined || this.#state === "shaking hands") this.#socket.destroy();
    else this.#sayLast(replies.timeout);
  }

  /** The server stops: whoever is idle is told so now, whoever is in the middle of something after that. */
  shutDown(): void {
    this.#isShuttingDown = true;
    if (this.#state === "shaking hands") return this.destroy("shutdown");
    if (this.#state !== "waiting for a command") return;
    this.end("shutdown");
    this.#sayLast(replies.shuttingDown);
  }

  /** Nothing more is read; what waits is still sent. The first reason given stays. */
  end(ending: Ending): void {
    if (!this.#isEnding) this.ending = ending;
    this.#isEnding = true;
  }

  /** Says FIN behind what was sent. */
  close(): void {
    this.deadline = Infinity;
    this.#socket.close();
  }

  /** Drops the connection, whatever goes on. */
  destroy(ending: Ending): void {
    this.end(ending);
    this.#socket.destroy();
  }

  #sayLast(reply: Reply): void {
    this.send(formatReply(reply));
    this.depart();
    this.#socket.close();
  }

  async #waitForReader(blocked: Promise<void>): Promise<void> {
    const { deadline } = this;
    this.allow(this.#timeouts.block);
    await blocked;
    this.deadline = deadline;
  }
}
