/** One conversation, from the greeting to the end of the connection (RFC 5321 section 3). */

import { type FixedReply, formatReply, isProtocolError, type Reply, withoutEnhanced } from "../protocol/reply.ts";
import type { Socket } from "../socket.ts";
import { Claims } from "./claims.ts";
import type { OpenContent } from "./content.ts";
import type { Departures } from "./departures.ts";
import type { Draft, Forwarded } from "./envelope.ts";
import type { Application, DataEvent, Outcome, Question } from "./event.ts";
import type { AddressFailures } from "./failures.ts";
import { greeting } from "./greeting.ts";
import type { Line } from "./input.ts";
import type { Observer } from "./observer.ts";
import type { SessionOptions } from "./options.ts";
import * as replies from "./replies.ts";
import { bare, emptyLocals, type Session, sessionId } from "./session.ts";
import type { Transaction } from "./transaction.ts";
import { answer, longestLine } from "./turn.ts";
import { type Ending, Wire } from "./wire.ts";

/** What a conversation needs beside its socket. */
export interface Circumstances {
  readonly application: Application;
  readonly options: SessionOptions;
  readonly openContent: OpenContent;
  readonly observer: Observer;
  /** Absent: replies leave at once, and not with those of other sessions. */
  readonly departures?: Departures;
  /** Absent: failed logins are counted in each session alone. */
  readonly addressFailures?: AddressFailures;
}

const encoder = new TextEncoder();
const nothing = new Uint8Array(0);

/** The state of one conversation; the verbs in `verbs/` act on it. */
export class Conversation {
  readonly options: SessionOptions;
  readonly openContent: OpenContent;
  readonly observer: Observer;
  readonly addressFailures: AddressFailures | undefined;
  readonly wire: Wire;
  /** The SASL mechanisms the application has a say on. */
  readonly mechanisms: ReadonlySet<string>;
  readonly session: Draft<Session>;
  readonly #application: Application;
  readonly #sendsEnhanced: boolean;

  /** Whom the client says it speaks for; undefined for those who may not. */
  readonly claims: Claims | undefined;
  /** Whom it says the next message is from (XFORWARD). */
  forwarded: Forwarded | undefined;
  /** Whether the client said EHLO, and so was told of extensions. */
  extended = false;
  /** The command that is being answered, upper case; undefined before the first, empty for one that nobody knows. */
  verb: string | undefined;
  /** Whether policy refused the connection: then all but QUIT is refused (RFC 5321 section 3.1). */
  refused = false;
  /** Transactions begun. */
  transactions = 0;
  /** Commands since the last message that asked for nothing. */
  junkCommands = 0;
  /** Failed logins. */
  authFailures = 0;
  #transaction: Transaction | undefined;
  #errors = 0;
  /** Whether the application has heard of the session. */
  #isKnown = false;
  /** What the application said and found out when the connection was made: nothing that comes from the client's words. */
  #own: { readonly refused: boolean; readonly locals: Readonly<Record<string, unknown>> } | undefined;

  constructor(socket: Socket, circumstances: Circumstances) {
    this.#application = circumstances.application;
    this.options = circumstances.options;
    this.#sendsEnhanced = this.options.offer.has("enhancedStatusCodes");
    this.openContent = circumstances.openContent;
    this.observer = circumstances.observer;
    this.addressFailures = circumstances.addressFailures;
    const mechanisms = this.options.offer.has("auth") ? circumstances.application.mechanisms : undefined;
    this.mechanisms = mechanisms ?? new Set();
    this.wire = new Wire(socket, this.options.timeouts, circumstances.departures);
    this.claims = this.options.xclient.includes(socket.remote.address)
      ? new Claims(socket.remote, socket.local)
      : undefined;
    this.session = bare<Draft<Session>>({
      id: sessionId(),
      remote: socket.remote,
      local: socket.local,
      ...(socket.proxy === undefined ? {} : { proxy: socket.proxy }),
      protocol: this.options.protocol === "lmtp" ? "LMTP" : "SMTP",
      startedAt: new Date(),
      locals: emptyLocals(),
      ...(socket.tls === undefined ? {} : { tls: socket.tls }),
    });
  }

  /** Talks until the connection is over. Never rejects. */
  async run(): Promise<void> {
    const { wire } = this;
    try {
      if (!this.options.implicitTls || await this.#encrypt(nothing)) await this.#greet();
      while (!wire.isEnding) {
        const line = wire.input.takeLine(longestLine);
        if (line === undefined) {
          if (!await wire.waitForLine(this.#patience)) break;
          continue;
        }
        wire.deadline = Infinity;
        wire.tap?.command(line);
        const answered = answer(this, line);
        const reply = answered instanceof Promise ? await answered : answered;
        if (reply !== undefined) this.reply(reply);
      }
      const flushed = wire.flush();
      if (flushed !== undefined) await flushed;
    } catch (error) {
      wire.destroy("failed");
      this.observer.failed(this, error);
    }
    this.#end();
  }

  /** Asks the application about the connection, and again when it turns out to be another client's. */
  async begin(isFirst: boolean): Promise<Reply> {
    const reply = await greeting(this, isFirst);
    this.refused = reply.code !== 220;
    this.#own ??= { refused: this.refused, locals: { ...this.session.locals } };
    return reply;
  }

  /** Asks the application; see {@linkcode Application}. */
  decide(event: Question): Reply | undefined | Promise<Reply | undefined> {
    return this.#application.decide(event);
  }

  /** Hands a message over; see {@linkcode Application}. */
  deliver(event: DataEvent): Outcome | Promise<Outcome> {
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
    this.observer.transactionBegan?.(this, transaction);
  }

  /** The transaction is answered, or never was: what it holds is let go. */
  endTransaction(): void {
    const transaction = this.#transaction;
    if (transaction !== undefined) {
      transaction.reception?.release();
      this.observer.transactionEnded?.(this, transaction);
    }
    this.#transaction = undefined;
    this.forwarded = undefined;
  }

  /** Puts a reply behind those that wait to be sent; none follows the one that ends the session. */
  reply(reply: Reply): void {
    if (this.wire.isEnding) return;
    const sent: Reply & Partial<FixedReply> = this.#isPatient(reply) ? reply : replies.tooManyErrors;
    const written = this.#sendsEnhanced ? sent : withoutEnhanced(sent);
    const { line = formatReply(written, this.transaction?.envelope.smtputf8), octets } = written;
    this.wire.send(line, octets);
    this.observer.replied?.(this, sent);
    if (sent.close) this.wire.end(endingBy(sent));
  }

  /** Sends a challenge in one line (RFC 4954 section 4) and reads what the client responds; or says why there is none. */
  challenge(base64: string, limit: number): Promise<Line | Reply> {
    this.wire.send(`334 ${base64}\r\n`);
    return this.wire.readLine(limit);
  }

  /** Whether STARTTLS would be carried out. */
  get canStartTls(): boolean {
    return this.wire.canEncrypt && this.options.offer.has("startTls");
  }

  /** Says `goAhead`, encrypts the connection, and begins again as if nothing had been said (RFC 3207 section 4.2). */
  async startTls(goAhead: Reply): Promise<undefined> {
    if (!await this.#encrypt(encoder.encode(formatReply(goAhead)))) return;
    const { session } = this;
    delete session.helo;
    delete session.user;
    // Nobody vouches for an XCLIENT in the clear, a login within it least of all.
    if (this.claims !== undefined) {
      this.claims.forget();
      this.claims.applyTo(session);
    }
    this.refused = this.#own?.refused ?? false;
    session.locals = Object.assign(emptyLocals(), this.#own?.locals);
    this.endTransaction();
    this.extended = false;
  }

  /** @returns false when it failed: the session is over. */
  async #encrypt(goAhead: Uint8Array): Promise<boolean> {
    try {
      this.session.tls = await this.wire.encrypt(goAhead);
    } catch (error) {
      this.observer.handshakeFailed(this, error);
      return false;
    }
    this.session.protocol = this.options.protocol === "lmtp" ? "LMTPS" : "ESMTPS";
    return true;
  }

  async #greet(): Promise<void> {
    this.#isKnown = true;
    this.reply(await this.begin(true));
  }

  /** Milliseconds for the next command; a message in chunks has no more time than one that comes whole. */
  get #patience(): number {
    const { command } = this.options.timeouts;
    return Math.min(command, this.#transaction?.reception?.pace.patience ?? command);
  }

  /** Counts protocol errors; they do not go away with a message (RFC 5321 section 7.8). */
  #isPatient(reply: Reply): boolean {
    if (!isProtocolError(reply) || reply.close) return true;
    return ++this.#errors < this.options.limits.errors;
  }

  #end(): void {
    this.endTransaction();
    this.wire.close();
    this.observer.ended(this);
    if (this.#isKnown) this.decide({ stage: "disconnect", session: this.session });
  }
}

/** What the reply that ends a session says of its end. */
function endingBy(reply: Reply): Ending {
  if (reply === replies.shuttingDown) return "shutdown";
  // Nobody hears that one.
  if (reply === replies.lostInData || reply === replies.lost) return "lost";
  return reply.code === 221 ? "quit" : "closed";
}
