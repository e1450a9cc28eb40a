/** What handlers find on `c.var`, stage by stage. */

import type { Env } from "hono";
import type { ShownCredentials } from "../session/proof.ts";
import type { Envelope, Recipient } from "../session/envelope.ts";
import type { Stage } from "./stage.ts";
import type { Session } from "../session/session.ts";
import type { Mail } from "./mail.ts";
import type { Prompt } from "./prompt.ts";

/** At every stage. */
export interface SessionVariables {
  /** The connection: its ends, its protocol and encryption, and what earlier stages found out. */
  readonly session: Session;
  /** Who the client authenticated as; absent before AUTH. A handler of `auth` may set it. */
  readonly user?: string;
}

/** At `auth`. */
export interface AuthVariables extends SessionVariables {
  /** What the client shows, exactly. `authorization` has the same where HTTP has a place for it. */
  readonly credentials: ShownCredentials;
}

/** From MAIL on. */
export interface EnvelopeVariables extends SessionVariables {
  /** The open transaction: its sender, and the recipients accepted so far. */
  readonly envelope: Envelope;
}

/** At `rcpt`. */
export interface RecipientVariables extends EnvelopeVariables {
  /** Whom this RCPT names; not among `envelope.to` before it is accepted. */
  readonly recipient: Recipient;
}

/** At `data`. */
export interface MessageVariables extends EnvelopeVariables {
  /** The message, whole and with its trace fields. */
  readonly mail: Mail;
}

/** At `deliver`. */
export interface DeliveryVariables extends MessageVariables {
  /** Whom the message is to be delivered to: each recipient is asked about by itself. */
  readonly recipient: Recipient;
}

/** At `command`. */
export interface CommandVariables extends SessionVariables {
  /** The open transaction's. */
  readonly envelope?: Envelope;
  /** What the client said first, in upper case. */
  readonly verb: string;
  /** What followed the verb. */
  readonly argument: string;
  /** Asks the client for a further line; see {@linkcode Prompt}. */
  readonly prompt: Prompt;
}

/** The variables of each stage. */
export interface StageVariables extends Record<Stage, object> {
  /** `app.connect()` */
  connect: SessionVariables;
  /** `app.helo()` */
  helo: SessionVariables;
  /** `app.auth()` */
  auth: AuthVariables;
  /** `app.mail()` */
  mail: EnvelopeVariables;
  /** `app.rcpt()` */
  rcpt: RecipientVariables;
  /** `app.data()` */
  data: MessageVariables;
  /** `app.deliver()` */
  deliver: DeliveryVariables;
  /** `app.command()` */
  command: CommandVariables;
  /** `app.disconnect()` */
  disconnect: SessionVariables;
}

/** The environment of one stage's handlers: the application's own, and what the stage brings. */
export type StageEnv<E extends Env, S extends Stage> = {
  Bindings: E extends { Bindings: infer B extends object } ? B : object;
  Variables: (E extends { Variables: infer V extends object } ? V : object) & StageVariables[S];
};

/**
 * The environment of a plain Hono app that takes mail, with POST routes on the stage paths.
 *
 * Which variables there are depends on the stage; see {@linkcode StageVariables}.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import type { MailEnv } from "postern";
 *
 * const app = new Hono<MailEnv>();
 * app.post("/deliver/example.com/:local", (c) => c.text(`thanks, ${c.var.mail.size} octets`));
 * ```
 */
export type MailEnv = { Variables: DeliveryVariables };
