/** What is handed to a function: one decision of a stage, and all that is known when it is asked for. */

import type { Context } from "hono";
import { callOf } from "../app/entrance.ts";
import { factHeaders } from "../app/facts.ts";
import type { Mail } from "../app/mail.ts";
import type { Stage, StageEvent } from "../app/stage.ts";
import { hex } from "../protocol/hex.ts";
import type { Envelope, Recipient } from "../session/envelope.ts";
import type { Session } from "../session/session.ts";

/** A decision that is asked of a function elsewhere. */
export interface ForwardedEvent {
  /** Which decision is asked for. */
  readonly stage: Stage;
  /** The connection it is about. */
  readonly session: Session;
  /** From MAIL on. */
  readonly envelope?: Envelope | undefined;
  /** At `rcpt` and `deliver`. */
  readonly recipient?: Recipient | undefined;
  /** At `data` and `deliver`. */
  readonly mail?: Mail | undefined;
  /** The facts as headers, `smtp-remote-address` and so on, as every handler's Request has them. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /**
   * The same for each attempt at the same message of the same sender for the same recipient; a question without a
   * message has its own.
   */
  readonly id: string;
}

/**
 * The event that a handler was called for.
 *
 * @throws {TypeError} outside the stages of mail.
 */
export async function forwardedEvent(c: Context): Promise<ForwardedEvent> {
  const call = callOf(c);
  if (call === undefined) {
    throw new TypeError(`Cannot forward ${c.req.method} ${c.req.path}: forward() handles the stages of mail, not HTTP`);
  }
  const { event, mail } = call;
  const recipient = "recipient" in event ? event.recipient : undefined;
  return {
    stage: event.stage,
    session: event.session,
    envelope: "envelope" in event ? event.envelope : undefined,
    recipient,
    mail,
    facts: [["smtp-stage", event.stage], ...factsOf(event, mail)],
    id: await stableId(event, recipient, mail),
  };
}

/** Of a message its body says the rest. Credentials are where HTTP has them. */
function factsOf(event: StageEvent, mail: Mail | undefined): [string, string][] {
  const facts = factHeaders(event, mail).filter(([name]) => name.startsWith("smtp-") || name === "authorization");
  facts.push(["smtp-protocol", event.session.protocol]);
  // Where the server's own fields end: what follows is what the sender sent.
  if (mail !== undefined) facts.push(["smtp-trace-size", `${mail.traceSize}`]);
  return facts;
}

async function stableId(event: StageEvent, recipient: Recipient | undefined, mail: Mail | undefined): Promise<string> {
  if (mail === undefined) return `msg_${crypto.randomUUID().replaceAll("-", "")}`;
  const to = recipient?.address.toLowerCase() ?? "";
  // Two senders may say the same, an alert for example: neither is the other's double.
  const from = "envelope" in event ? event.envelope?.from?.address ?? "" : "";
  const text = [event.stage, to, await mail.fingerprint(), from].join("\n");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `msg_${hex(new Uint8Array(digest, 0, 16))}`;
}
