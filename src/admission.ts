/** Mail that comes in by another door than SMTP, and meets the same stages: MAIL, RCPT, and the message. */

import { application } from "./app/application.ts";
import { type DeliveryStore, MemoryDeliveryStore } from "./app/deliveries.ts";
import { appOf, type MailHandler } from "./app/handler.ts";
import { StageRoutes } from "./app/routes.ts";
import { logHandlerFailure } from "./log.ts";
import type { Parameters } from "./protocol/parameters.ts";
import type { Mailbox } from "./protocol/path.ts";
import type { Reply } from "./protocol/reply.ts";
import type { Content } from "./session/content.ts";
import type { Deadline, Deadlines } from "./session/deadline.ts";
import { newEnvelope, recipientOf } from "./session/envelope.ts";
import type { Session } from "./session/session.ts";
import { after } from "./timer.ts";

/** What can be set for a door. */
export interface AdmissionOptions {
  /** The server's own name: the domain of `<Postmaster>`. Default `localhost`. */
  readonly name?: string;
  /** Milliseconds for one handler. Default two minutes. */
  readonly handlerTimeout?: number;
  /** What is remembered of messages that only some of their recipients took. Default: in this process. */
  readonly deliveries?: DeliveryStore;
}

/** A message at the door, for one recipient. */
export interface Submission {
  readonly session: Session;
  /** null for `<>`. */
  readonly from: Mailbox | null;
  readonly to: Mailbox;
  /** Of MAIL; BODY and SMTPUTF8 are understood. */
  readonly mailParameters?: Parameters;
  /** Of RCPT. */
  readonly rcptParameters?: Parameters;
  /** Facts that are known already; see `Envelope.locals`. */
  readonly locals?: Readonly<Record<string, unknown>>;
  /** Absent, only MAIL and RCPT are asked. */
  readonly message?: {
    readonly id: string;
    readonly content: Content;
    /** The trace fields to put before it. */
    readonly trace: string;
  };
  /** `c.env`. */
  readonly bindings: object | undefined;
  /** Told of work that goes on after the reply. */
  waitUntil(work: Promise<unknown>): void;
}

const none: Parameters = new Map();

/** Lets a message in, or says why not; undefined is success without words. Never rejects. */
export type Admit = (submission: Submission) => Promise<Reply | undefined>;

/** @throws {TypeError} for a handler that is none. */
export function admission(handler: MailHandler, options: AdmissionOptions = {}): Admit {
  const app = appOf(handler);
  const deliveries = options.deliveries ?? new MemoryDeliveryStore();
  const { name = "localhost", handlerTimeout = 120_000 } = options;
  const routes = new StageRoutes(app, name);

  return async (submission) => {
    const { session, from, to, message, bindings } = submission;
    const background = new Set<Promise<unknown>>();
    const { decide, deliver } = application({
      routes,
      bindings,
      handlerTimeout,
      deliveryTimeout: handlerTimeout * 4,
      deliveries,
      deadlines: new Timers(),
      background,
      failed: logHandlerFailure,
    });
    const { mailParameters = none, rcptParameters = none } = submission;
    const envelope = newEnvelope(from, mailParameters);
    const body = mailParameters.get("BODY")?.toUpperCase();
    if (body === "8BITMIME" || body === "BINARYMIME") envelope.body = body;
    envelope.smtputf8 = mailParameters.has("SMTPUTF8");
    Object.assign(envelope.locals, submission.locals);
    const recipient = recipientOf(to, rcptParameters);
    try {
      const mail = await decide({ stage: "mail", session, envelope });
      if (isRefusal(mail)) return mail;
      const rcpt = await decide({ stage: "rcpt", session, envelope, recipient });
      if (isRefusal(rcpt) || message === undefined) return rcpt;
      envelope.to.push(recipient);
      const outcome = await deliver({ stage: "data", session, envelope, ...message });
      // There is one recipient, and so one reply, even where the client hears of each.
      return Array.isArray(outcome) ? outcome[0] : outcome;
    } finally {
      for (const work of background) submission.waitUntil(work);
    }
  };
}

function isRefusal(reply: Reply | undefined): boolean {
  return reply !== undefined && reply.code >= 300;
}

/** A timer for each deadline: there are few, and where no server runs nothing else would look at them. */
class Timers implements Deadlines {
  readonly #timers = new Map<Deadline, () => void>();

  add(deadline: Deadline): void {
    this.#timers.set(deadline, after(deadline.deadline - performance.now(), () => deadline.expire()));
  }

  delete(deadline: Deadline): void {
    this.#timers.get(deadline)?.();
    this.#timers.delete(deadline);
  }
}
