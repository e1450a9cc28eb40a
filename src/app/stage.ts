/** Stages as paths: where in the app each decision is looked for. */

import { toALabels } from "../protocol/domain.ts";
import type { Mailbox } from "../protocol/path.ts";
import type { SessionEvent } from "../session/event.ts";
import type { Recipient } from "../session/envelope.ts";
import { lowerAscii, pathSegment } from "./pattern.ts";

/** A question to the app: what a session asks, or one recipient's share of a message. */
export type StageEvent = SessionEvent | DeliverEvent;

/** One recipient of a message that is in. */
export interface DeliverEvent extends Omit<Extract<SessionEvent, { stage: "data" }>, "stage"> {
  readonly stage: "deliver";
  readonly recipient: Recipient;
}

/** The name of a stage. */
export type Stage = StageEvent["stage"];

/** All stages: their paths belong to the engine. */
export const stages: readonly Stage[] = [
  "connect",
  "helo",
  "auth",
  "mail",
  "rcpt",
  "data",
  "deliver",
  "command",
  "disconnect",
];

/**
 * The path of an event's request.
 *
 * @param name the server's own, where a recipient has no domain (`<Postmaster>`, RFC 5321 section 4.5.1).
 */
export function pathOf(event: StageEvent, name: string): string {
  switch (event.stage) {
    case "helo":
      return `/helo/${pathSegment(event.host.toLowerCase())}`;
    case "auth":
      return `/auth/${pathSegment(event.mechanism)}`;
    case "mail":
      return event.envelope.from === null ? "/mail" : `/mail${addressPath(event.envelope.from, name)}`;
    case "rcpt":
      return `/rcpt${addressPath(event.recipient, name)}`;
    case "deliver":
      return deliveryPath(event.recipient, name);
    case "command":
      return `/command/${pathSegment(event.verb)}`;
    default:
      return `/${event.stage}`;
  }
}

/** Where a recipient's mail is delivered; see {@linkcode pathOf}. */
export function deliveryPath(recipient: Recipient, name: string): string {
  return `/deliver${addressPath(recipient, name)}`;
}

/** The one spelling of a mailbox that others can be compared with: quotes undone, lower case, A-labels. */
export function comparableAddress(mailbox: Mailbox, name: string): string {
  return `${lowerAscii(mailbox.local)}@${comparableDomain(mailbox, name)}`;
}

function addressPath(mailbox: Mailbox, name: string): string {
  return `/${pathSegment(comparableDomain(mailbox, name))}/${pathSegment(lowerAscii(mailbox.local))}`;
}

function comparableDomain({ domain }: Mailbox, name: string): string {
  const known = domain === "" ? name : domain;
  return toALabels(known) ?? known.toLowerCase();
}

/** Whether a path belongs to a stage, and so to the engine alone. */
export function isStagePath(path: string): boolean {
  const end = path.indexOf("/", 1);
  return (stages as readonly string[]).includes(end < 0 ? path.slice(1) : path.slice(1, end));
}
