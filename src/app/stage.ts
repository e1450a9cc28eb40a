/** Stages as paths: where in the app each decision is looked for. */

import type { SessionEvent } from "../session/event.ts";
import type { Recipient } from "../session/envelope.ts";
import { pathSegment } from "./pattern.ts";
import type { AddressBook } from "./addressbook.ts";

/** A question to the app: what a session asks, or one recipient's share of a message. */
export type StageEvent = SessionEvent | DeliverEvent;

/** One recipient of a message that is in. */
export interface DeliverEvent extends Omit<Extract<SessionEvent, { stage: "data" }>, "stage"> {
  readonly stage: "deliver";
  readonly recipient: Recipient;
}

/** The name of a stage. */
export type Stage = "connect" | "helo" | "auth" | "mail" | "rcpt" | "data" | "deliver" | "command" | "disconnect";

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

/** The path of an event's request. */
export function pathOf(event: StageEvent, addresses: AddressBook): string {
  switch (event.stage) {
    case "helo":
      return `/helo/${pathSegment(event.host.toLowerCase())}`;
    case "auth":
      return `/auth/${pathSegment(event.mechanism)}`;
    case "mail":
      return event.envelope.from === null ? "/mail" : `/mail${addresses.of(event.envelope.from).path}`;
    case "rcpt":
      return `/rcpt${addresses.of(event.recipient).path}`;
    case "deliver":
      return addresses.of(event.recipient).deliveryPath;
    case "command":
      return `/command/${pathSegment(event.verb)}`;
    default:
      return `/${event.stage}`;
  }
}

/** Whether a path belongs to a stage, and so to the engine alone. */
export function isStagePath(path: string): boolean {
  const end = path.indexOf("/", 1);
  return (stages as readonly string[]).includes(end < 0 ? path.slice(1) : path.slice(1, end));
}
