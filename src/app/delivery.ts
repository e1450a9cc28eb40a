/**
 * The end of a message: every recipient asked once, and one reply that is true for all of them.
 *
 * Never 250 for mail that somebody did not take; never a recipient lost, and none served twice.
 */

import { formatReceived, formatReturnPath } from "../protocol/trace.ts";
import type { Reply } from "../protocol/reply.ts";
import type { DataEvent, Outcome } from "../session/event.ts";
import type { Envelope, Recipient } from "../session/envelope.ts";
import { hearsOfEach } from "../session/outcome.ts";
import type { Session } from "../session/session.ts";
import type { DeliveryStore } from "./deliveries.ts";
import { dispatch, type Surroundings, type Verdict } from "./dispatch.ts";
import { Mail } from "./mail.ts";
import type { AddressBook } from "./addressbook.ts";
import type { DeliverEvent } from "./stage.ts";

/** What delivering needs beside the surroundings of a dispatch. */
export interface DeliverySurroundings extends Surroundings {
  readonly deliveries: DeliveryStore;
  /** Milliseconds for `data` and all recipients together: the client will not wait for ever. */
  readonly deliveryTimeout: number;
}

/** A recipient nobody answers for although it was accepted: the app's routes disagree with each other. */
const nobody: Reply = { code: 451, enhanced: "4.3.5", text: "Nobody here takes mail for this recipient yet" };
const outOfTime: Reply = { code: 451, enhanced: "4.3.0", text: "Delivery took too long, try again later" };
const partly: Reply = { code: 451, enhanced: "4.3.0", text: "Not all recipients took the message, try again later" };

const taken: Reply = { code: 250, enhanced: "2.0.0", text: "Ok" };

/** What one recipient answered; undefined is success without words. */
type Answer = Reply | undefined;

/**
 * Hands a message to `data` and then to each recipient.
 *
 * @returns one reply for all, or one for each of `envelope.to` where the client hears of each.
 */
export function deliverMessage(event: DataEvent, surroundings: DeliverySurroundings): Outcome | Promise<Outcome> {
  const { session, envelope } = event;
  const { routes, deliveries } = surroundings;
  if (routes.isDispatched("data")) return deliverBehindData(event, surroundings);
  const sender = senderOf(session, envelope);
  const pending = deliveries.isPending(sender);
  if (pending !== false || envelope.to.length !== 1) {
    return deliverToEach(event, surroundings, {
      sender,
      pending,
      success: undefined,
      deadline: deadlineOf(surroundings),
    });
  }
  // Nearly every message has one recipient, and is no retry of one that had several: nothing is to be remembered.
  const milliseconds = Math.min(surroundings.handlerTimeout, surroundings.deliveryTimeout);
  const answer = deliverTo(event, envelope.to[0]!, mailOf(event, routes.name), surroundings, milliseconds);
  if (!hearsOfEach(session, envelope)) return answer;
  return answer instanceof Promise ? answer.then((reply) => [reply]) : [answer];
}

async function deliverBehindData(event: DataEvent, surroundings: DeliverySurroundings): Promise<Outcome> {
  const { routes, deliveries } = surroundings;
  const received = event.trace ?? traceOf(event, routes.name);
  const deadline = deadlineOf(surroundings);
  const mail = new Mail(event.id, "", received, event.content, event.envelope);
  const verdict = await dispatch(event, mail, surroundings, left(deadline, surroundings));
  let success: Answer;
  if (verdict !== "no opinion") {
    if (isRefusal(verdict.reply)) return verdict.reply;
    success = verdict.reply;
    // Without routes for `deliver`, `data` is the delivery.
    if (!routes.has("deliver")) return success;
  }
  const sender = senderOf(event.session, event.envelope);
  return await deliverToEach(
    event,
    surroundings,
    { sender, pending: deliveries.isPending(sender), success, deadline },
    received,
  );
}

async function deliverToEach(
  event: DataEvent,
  surroundings: DeliverySurroundings,
  { sender, pending, success, deadline }: {
    readonly sender: string;
    readonly pending: boolean | Promise<boolean>;
    readonly success: Answer;
    readonly deadline: number;
  },
  received?: string,
): Promise<Outcome> {
  const { routes, deliveries } = surroundings;
  const mail = mailOf(event, routes.name, received);
  const recipients = unique(event.envelope.to, routes.addresses);
  const message = await pending ? await mail.fingerprint() : undefined;
  const done = message === undefined ? [] : await deliveries.delivered(sender, message);
  const answers = new Map<string, Answer>();
  for (const [address, recipient] of recipients) {
    if (done.includes(address)) answers.set(address, undefined);
    else if (performance.now() > deadline) answers.set(address, outOfTime);
    else answers.set(address, await deliverTo(event, recipient, mail, surroundings, left(deadline, surroundings)));
  }
  if (hearsOfEach(event.session, event.envelope)) {
    const each = event.envelope.to.map((to) => answers.get(routes.addresses.of(to).comparable) ?? success);
    if (message !== undefined) {
      const told = each.find(isRefusal) ?? success ?? taken;
      const failed = (error: unknown) => surroundings.failed(event, error, told);
      await settle(deliveries, sender, message, finallyTold(answers), failed);
    }
    return each;
  }
  const reply = oneReply([...answers.values()]);
  if (message !== undefined || reply === partly) {
    const known = message ?? await mail.fingerprint();
    const told = reply ?? success ?? taken;
    const failed = (error: unknown) => surroundings.failed(event, error, told);
    await remember(deliveries, sender, known, answers, reply, failed);
  }
  return reply ?? success;
}

/** When all handlers of a message must have answered, as of `performance.now()`. */
function deadlineOf({ deliveryTimeout }: DeliverySurroundings): number {
  return performance.now() + deliveryTimeout;
}

/** Milliseconds that the next of them may have. */
function left(deadline: number, { handlerTimeout }: DeliverySurroundings): number {
  return Math.min(handlerTimeout, Math.max(0, deadline - performance.now()));
}

/** The message as recipients get it. */
function mailOf(event: DataEvent, name: string, received = event.trace ?? traceOf(event, name)): Mail {
  const returnPath = event.trace === undefined ? formatReturnPath(event.envelope.from?.address ?? "") : "";
  return new Mail(event.id, returnPath, received, event.content, event.envelope);
}

/** One recipient's share of the event. Spelled out: Node 20 takes a microsecond to spread an object into another. */
function shareOf({ session, envelope, content, id }: DataEvent, recipient: Recipient): DeliverEvent {
  return { stage: "deliver", session, envelope, content, id, recipient };
}

function deliverTo(
  event: DataEvent,
  recipient: Recipient,
  mail: Mail,
  surroundings: DeliverySurroundings,
  milliseconds: number,
): Answer | Promise<Answer> {
  const share = shareOf(event, recipient);
  const verdict = dispatch(share, mail, surroundings, milliseconds);
  if (verdict instanceof Promise) return verdict.then((settled) => answerOf(settled, share, surroundings));
  return answerOf(verdict, share, surroundings);
}

function answerOf(verdict: Verdict, event: DeliverEvent, surroundings: DeliverySurroundings): Answer {
  if (verdict !== "no opinion") return verdict.reply;
  const error = new Error(
    `No deliver route took the message for <${event.recipient.address}>, which rcpt had accepted`,
  );
  surroundings.failed(event, error, nobody);
  return nobody;
}

/** All took it: success. None did: a temporary refusal if there is one. Some did: the sender must come back. */
function oneReply(answers: readonly Answer[]): Reply | undefined {
  const refusals = answers.filter(isRefusal);
  if (refusals.length === 0) return answers.length === 1 ? answers[0] : undefined;
  if (refusals.length < answers.length) return partly;
  return refusals.find((refusal) => refusal.code < 500) ?? refusals[0];
}

function isRefusal(answer: Answer): answer is Reply {
  return answer !== undefined && answer.code >= 300;
}

/** Writes down what the next attempt must know. */
async function remember(
  store: DeliveryStore,
  sender: string,
  message: string,
  answers: ReadonlyMap<string, Answer>,
  reply: Reply | undefined,
  failed: (error: unknown) => void,
): Promise<void> {
  const all = [...answers.keys()];
  const delivered = all.filter((address) => !isRefusal(answers.get(address)));
  if (reply === partly) await store.record(sender, message, delivered, all);
  else if (reply === undefined || reply.code < 300 || reply.code >= 500) {
    await settle(store, sender, message, all, failed);
  }
}

/** A reply is true, whether it can be written down or not: another one would double the message. */
async function settle(
  store: DeliveryStore,
  sender: string,
  message: string,
  told: readonly string[],
  failed: (error: unknown) => void,
): Promise<void> {
  try {
    await store.settle(sender, message, told);
  } catch (error) {
    failed(error);
  }
}

/** Those who need not be asked again, because their own reply said so. */
function finallyTold(answers: ReadonlyMap<string, Answer>): string[] {
  return [...answers].filter(([, answer]) => !isRefusal(answer) || answer.code >= 500).map(([address]) => address);
}

/** Whose retry it is: the reverse-path; bounces have none, so their client stands for it. */
export function senderOf(session: Session, envelope: Envelope): string {
  return envelope.from?.address.toLowerCase() ?? `<> ${session.remote.address}`;
}

/** A recipient named twice gets the message once, also when it is spelled in two ways. */
function unique(recipients: readonly Recipient[], addresses: AddressBook): Map<string, Recipient> {
  return new Map(recipients.map((recipient) => [addresses.of(recipient).comparable, recipient]));
}

function traceOf({ session, envelope, id }: DataEvent, name: string): string {
  return formatReceived({
    helo: session.helo ?? "",
    remoteAddress: session.remote.address,
    by: name,
    // RFC 6531 section 4.3: a message with SMTPUTF8 says so.
    protocol: envelope.smtputf8 ? session.protocol.replace(/^E?(?=SMTP|LMTP)/, "UTF8") : session.protocol,
    id,
    recipient: envelope.to.length === 1 ? envelope.to[0]?.address : undefined,
    date: new Date(),
    tls: session.tls,
  });
}
