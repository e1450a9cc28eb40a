/** What a session asks the application: one event for each stage of the conversation, one reply to each. */

import type { Reply } from "../protocol/reply.ts";
import type { Content } from "./content.ts";
import type { Envelope, Recipient } from "./envelope.ts";
import type { Line } from "./input.ts";
import type { ShownCredentials } from "./proof.ts";
import type { Session } from "./session.ts";

/** A connection was accepted, and nothing was said yet. */
export interface ConnectEvent {
  readonly stage: "connect";
  readonly session: Session;
}

/** EHLO, HELO or LHLO. */
export interface HeloEvent {
  readonly stage: "helo";
  readonly session: Session;
  /** What the client calls itself; `session.helo` follows once it is accepted. */
  readonly host: string;
}

/** AUTH: the client has shown its credentials, or is ready to prove that it knows a secret. */
export interface AuthEvent {
  readonly stage: "auth";
  readonly session: Session;
  /** By its registered name, upper case. */
  readonly mechanism: string;
  readonly credentials: ShownCredentials;
  /** Set by an application that knows better than the credentials who the user is. Never empty. */
  user?: string;
}

/** MAIL FROM. */
export interface MailEvent {
  readonly stage: "mail";
  readonly session: Session;
  readonly envelope: Envelope;
}

/** RCPT TO; the recipient joins `envelope.to` once it is accepted. */
export interface RcptEvent {
  readonly stage: "rcpt";
  readonly session: Session;
  readonly envelope: Envelope;
  readonly recipient: Recipient;
}

/** The whole message is in. */
export interface DataEvent {
  readonly stage: "data";
  readonly session: Session;
  readonly envelope: Envelope;
  readonly content: Content;
  /** The message's id in logs, in `Received:` and in the reply. */
  readonly id: string;
  /** Header fields to put before the message; absent, they are made. A message that was traced elsewhere has its own. */
  readonly trace?: string;
}

/** A verb the server does not know, or one an application may replace. */
export interface CommandEvent {
  readonly stage: "command";
  readonly session: Session;
  /** The open transaction's, if there is one. */
  readonly envelope?: Envelope;
  /** Upper case. */
  readonly verb: string;
  readonly argument: string;
  /**
   * Sends an intermediate reply, and reads the line that answers it. `undefined` when the client is gone, and always
   * once the command has been answered. One at a time.
   */
  ask(reply: Reply): Promise<Line | undefined>;
}

/** The session is over; nobody hears a reply. */
export interface DisconnectEvent {
  readonly stage: "disconnect";
  readonly session: Session;
}

/** Any of them. */
export type SessionEvent =
  | ConnectEvent
  | HeloEvent
  | AuthEvent
  | MailEvent
  | RcptEvent
  | DataEvent
  | CommandEvent
  | DisconnectEvent;

/** Any of them but the message, which may have several replies. */
export type Question = Exclude<SessionEvent, DataEvent>;

/** What a message was answered: in one reply for all recipients, or in one for each of `envelope.to`. */
export type Outcome = Reply | undefined | readonly (Reply | undefined)[];

/**
 * The application, as a session sees it.
 *
 * `undefined` is the stage's default: success, or for `command` the server's own answer. At `auth` nobody is let in by
 * default: `undefined` is a temporary failure there. It never throws and never rejects, and it settles in its own time
 * limit: a session always has one reply for one command.
 */
export interface Application {
  /** The names of the SASL mechanisms it has a say on. Absent or empty: there is no AUTH. */
  readonly mechanisms?: ReadonlySet<string>;
  decide(event: Question): Reply | undefined | Promise<Reply | undefined>;
  /** Takes a message; replies for each of its recipients are for a client that `hearsOfEach` of them. */
  deliver(event: DataEvent): Outcome | Promise<Outcome>;
}
