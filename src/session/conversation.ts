/** One conversation, from the greeting to the end of the connection (RFC 5321 section 3). */

import { formatReply, isProtocolError, type Reply, withoutEnhanced } from "../protocol/reply.ts";
import type { ChannelBindingType } from "../sasl/mod.ts";
import type { Socket } from "../socket.ts";
import { Claims } from "./claims.ts";
import type { OpenContent } from "./content.ts";
import type { Deadline } from "./deadline.ts";
import type { Draft, Forwarded } from "./envelope.ts";
import type { Application, DataEvent, Outcome, Question } from "./event.ts";
import type { AddressFailures } from "./failures.ts";
import { greeting } from "./greeting.ts";
import { Input, type Line } from "./input.ts";
import type { Observer } from "./observer.ts";
import type { SessionOptions } from "./options.ts";
import type { Pace } from "./pace.ts";
import * as replies from "./replies.ts";
import { emptyLocals, type Session, sessionId } from "./session.ts";
import type { Transaction } from "./transaction.ts";
import { answer, longestLine } from "./turn.ts";

/** What a conversation needs beside its socket. */
export interface Circumstances {
  readonly application: Application;
  readonly options: SessionOptions;
  readonly openContent: OpenContent;
  readonly observer: Observer;
  /** Absent: failed logins are counted in each session alone. */
  readonly addressFailures?: AddressFailures;
}

/** How a session ended, for the log: the client's QUIT, its disappearance, or the server's reason. */
export type Ending = "quit" | "lost" | "timeout" | "shutdown" | "closed" | "handshake" | "failed";

const encoder = new TextEncoder();
const nothing = new Uint8Array(0);

/** The state of one conversation; the verbs in `verbs/` act on it. */
export class Conversation implements Deadline {
  readonly options: SessionOptions;
  readonly openContent: OpenContent;
  readonly observer: Observer;
  readonly addressFailures: AddressFailures | undefined;
  readonly input: Input;
  /** The SASL mechanisms the application has a say on. */
  readonly mechanisms: ReadonlySet<string>;
  readonly session: Draft<Session>;
  readonly #socket: Socket;
  readonly #application: Application;

  /** Whom the client says it speaks for; undefined for those who may not. */
  readonly claims: Claims | undefined;
  /** Whom it says the next message is from (XFORWARD). */
  forwarded: Forwarded | undefined;
  /** Whether the client said EHLO, and so was told of extensions. */
  extended = false;
  /** Whether policy refused the connection: then all but QUIT is refused (RFC 5321 section 3.1). */
  refused = false;
  /** Transactions begun. */
  transactions = 0;
  /** Commands since the last message that asked for nothing. */
  junkCommands = 0;
  /** Failed logins. */
  authFailures = 0;
  /** How it ended. */
  ending: Ending = "lost";

  deadline: number = Infinity;
  #transaction: Transaction | undefined;
  #errors = 0;
  /** Replies that wait for the end of the batch (RFC 2920 section 3.2). */
  #out = "";
  #isClosing = false;
  #isShuttingDown = false;
  /** Whether the application has heard of the session. */
  #isKnown = false;
  /** The facts that do not come from what the client said in the clear. */
  #ownLocals: Readonly<Record<string, unknown>> = {};
  #state: "talking" | "waiting for a command" | "waiting for the client to read" | "shaking hands" = "talking";

  constructor(socket: Socket, circumstances: Circumstances) {
    this.#socket = socket;
    this.#application = circumstances.application;
    this.options = circumstances.options;
    this.openContent = circumstances.openContent;
    this.observer = circumstances.observer;
    this.addressFailures = circumstances.addressFailures;
    const mechanisms = this.options.offer.has("auth") ? circumstances.application.mechanisms : undefined;
    this.mechanisms = mechanisms ?? new Set();
    this.input = new Input(socket);
    this.claims = this.options.xclient.includes(socket.remote.address)
      ? new Claims(socket.remote, socket.local)
      : undefined;
    this.session = {
      id: sessionId(),
      remote: socket.remote,
      local: socket.local,
      ...(socket.proxy === undefined ? {} : { proxy: socket.proxy }),
      protocol: this.options.protocol === "lmtp" ? "LMTP" : "SMTP",
      startedAt: new Date(),
      locals: emptyLocals(),
      ...(socket.tls === undefined ? {} : { tls: socket.tls }),
    };
  }

  /** Talks until the connection is over. Never rejects. */
  async run(): Promise<void> {
    try {
      if (!this.options.implicitTls || await this.#encrypt(nothing)) await this.#greet();
      while (!this.#isClosing) {
        const line = this.input.takeLine(longestLine);
        if (line === undefined) {
          if (!await this.#waitForMore()) break;
          continue;
        }
        this.deadline = Infinity;
        const answered = answer(this, line);
        const reply = answered instanceof Promise ? await answered : answered;
        if (reply !== undefined) this.reply(reply);
      }
      const flushed = this.flush();
      if (flushed !== undefined) await flushed;
    } catch (error) {
      this.ending = "failed";
      this.observer.failed(this, error);
      this.#socket.destroy();
    }
    this.#end();
  }

  /** Asks the application about the connection, and again when it turns out to be another client's. */
  async begin(isFirst: boolean): Promise<Reply> {
    const reply = await greeting(this, isFirst);
    this.refused = reply.code !== 220;
    this.#ownLocals = { ...this.session.locals };
    return reply;
  }

  /** Asks the application; see {@linkcode Application}. */
  decide(event: Question): Reply | undefined | Promise<Reply | undefined> {
    return this.#application.decide(event);
  }

  /** Hands a message over; see {@linkcode Application}. */
  deliver(event: DataEvent): Promise<Outcome> {
    return this.#application.deliver(event);
  }

  /** The open transaction, between MAIL and the end of its data. */
  get transaction(): Transaction | undefined {
    return this.#transaction;
  }

  /** MAIL was accepted. */
  beginTransaction(transaction: Transaction): void {
    this.#transaction = transaction;
    this.transactions++;
  }

  /** The transaction is answered, or never was: what it holds is let go. */
  endTransaction(): void {
    this.#transaction?.reception?.release();
    this.#transaction = undefined;
    this.forwarded = undefined;
  }

  /** Puts a reply behind those that wait to be sent; none follows the one that ends the session. */
  reply(reply: Reply): void {
    if (this.#isClosing) return;
    const sent = this.#isPatient(reply) ? reply : replies.tooManyErrors;
    const written = this.options.offer.has("enhancedStatusCodes") ? sent : withoutEnhanced(sent);
    this.#out += formatReply(written, this.transaction?.envelope.smtputf8);
    if (sent.close) this.#close(sent === replies.shuttingDown ? "shutdown" : sent.code === 221 ? "quit" : "closed");
  }

  /** Sends a challenge in one line (RFC 4954 section 4) and reads what the client responds; or says why there is none. */
  challenge(base64: string, limit: number): Promise<Line | Reply> {
    this.#out += `334 ${base64}\r\n`;
    return this.readLine(limit);
  }

  /** What binds an exchange to this connection; see {@linkcode Socket.channelBinding}. */
  channelBinding(type: ChannelBindingType): Uint8Array | undefined {
    return this.#socket.channelBinding?.(type);
  }

  /** Sends what waits. A promise means that the client is slow to read. */
  flush(): Promise<void> | undefined {
    if (this.#out === "") return;
    const bytes = encoder.encode(this.#out);
    this.#out = "";
    const slow = this.#socket.write(bytes);
    return slow === undefined ? undefined : this.#waitForReader(slow);
  }

  /** Whether STARTTLS would be carried out. */
  get canStartTls(): boolean {
    const isPossible = this.session.tls === undefined && this.#socket.startTls !== undefined;
    return isPossible && this.options.offer.has("startTls");
  }

  /** Says `goAhead`, encrypts the connection, and begins again as if nothing had been said (RFC 3207 section 4.2). */
  async startTls(goAhead: Reply): Promise<undefined> {
    const flushed = this.flush();
    if (flushed !== undefined) await flushed;
    if (!await this.#encrypt(encoder.encode(formatReply(goAhead)))) return;
    const { session } = this;
    delete session.helo;
    delete session.user;
    session.locals = Object.assign(emptyLocals(), this.#ownLocals);
    this.endTransaction();
    this.extended = false;
  }

  /** The next line of a command that has several; or the reply to a command that will never be whole. */
  async readLine(limit: number): Promise<Line | Reply> {
    let line: Line | undefined;
    while ((line = this.input.takeLine(limit)) === undefined) {
      if (this.#isShuttingDown) return replies.shuttingDown;
      if (!await this.#waitForMore()) return replies.lost;
    }
    this.deadline = Infinity;
    return line;
  }

  /** Reads more of a message; false when the client will send no more, or was too slow. */
  async fill(pace: Pace): Promise<boolean> {
    // Whoever waits for more sends first what is ready (RFC 2920 section 3.2): the client may wait for it.
    const flushed = this.flush();
    if (flushed !== undefined) await flushed;
    this.allow(pace.patience);
    const more = await this.input.fill();
    this.deadline = Infinity;
    return more;
  }

  /** Gives the client `milliseconds` from now. */
  allow(milliseconds: number): void {
    this.deadline = performance.now() + milliseconds;
  }

  /** The client took too long: to send, or to read. */
  expire(): void {
    this.deadline = Infinity;
    this.#close("timeout");
    // In the middle of a handshake no word in the clear would be understood, or safe.
    if (this.#state === "waiting for the client to read" || this.#state === "shaking hands") this.#socket.destroy();
    else this.#sayLast(replies.timeout);
  }

  /** The server stops: whoever is idle is told so now, whoever is in the middle of something after that. */
  shutDown(): void {
    this.#isShuttingDown = true;
    if (this.#state === "shaking hands") return this.destroy();
    if (this.#state !== "waiting for a command") return;
    this.#close("shutdown");
    this.#sayLast(replies.shuttingDown);
  }

  /** Drops the connection, whatever goes on. */
  destroy(): void {
    this.#close("shutdown");
    this.#socket.destroy();
  }

  /**
   * Shakes hands. What the client sent before is thrown away, unread and half-read: nobody vouches for it
   * (RFC 3207 section 6).
   *
   * @returns false when it failed: the session is over, without another word.
   */
  async #encrypt(goAhead: Uint8Array): Promise<boolean> {
    this.input.discard();
    this.allow(this.options.timeouts.handshake);
    this.#state = "shaking hands";
    try {
      if (this.#socket.startTls === undefined) throw new Error("The socket has no TLS");
      await this.#socket.startTls(goAhead);
    } catch (error) {
      this.#close("handshake");
      this.#socket.destroy();
      this.observer.handshakeFailed(this, error);
      return false;
    }
    this.#state = "talking";
    this.deadline = Infinity;
    const { tls } = this.#socket;
    if (tls === undefined) throw new Error("The socket shook hands, and knows nothing of its encryption");
    this.session.tls = tls;
    this.session.protocol = this.options.protocol === "lmtp" ? "LMTPS" : "ESMTPS";
    return true;
  }

  async #greet(): Promise<void> {
    this.#isKnown = true;
    this.reply(await this.begin(true));
  }

  /** @returns false when the client will send no more. */
  async #waitForMore(): Promise<boolean> {
    const flushed = this.flush();
    if (flushed !== undefined) await flushed;
    if (this.#isShuttingDown) {
      this.reply(replies.shuttingDown);
      return true;
    }
    // A line that comes in pieces has no more time than one that comes whole, nor a message in chunks.
    if (this.deadline === Infinity) {
      const { command } = this.options.timeouts;
      this.allow(Math.min(command, this.#transaction?.reception?.pace.patience ?? command));
    }
    this.#state = "waiting for a command";
    const more = await this.input.fill();
    this.#state = "talking";
    return more;
  }

  async #waitForReader(slow: Promise<void>): Promise<void> {
    const { deadline } = this;
    this.allow(this.options.timeouts.block);
    this.#state = "waiting for the client to read";
    await slow;
    this.#state = "talking";
    this.deadline = deadline;
  }

  /** Counts protocol errors; they do not go away with a message (RFC 5321 section 7.8). */
  #isPatient(reply: Reply): boolean {
    if (!isProtocolError(reply) || reply.close) return true;
    return ++this.#errors < this.options.limits.errors;
  }

  #close(ending: Ending): void {
    if (!this.#isClosing) this.ending = ending;
    this.#isClosing = true;
  }

  #sayLast(reply: Reply): void {
    this.#socket.write(encoder.encode(formatReply(reply)));
    this.#socket.close();
  }

  #end(): void {
    this.deadline = Infinity;
    this.endTransaction();
    this.#socket.close();
    this.observer.ended(this);
    if (this.#isKnown) this.decide({ stage: "disconnect", session: this.session });
  }
}
