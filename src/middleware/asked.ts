/** What every middleware of ours asks first: where it is, and whether the client is none of its business. */

import type { Context } from "hono";
import { callOf } from "../app/entrance.ts";
import type { StageEvent } from "../app/stage.ts";
import { dnsResolver, type Resolver } from "../dns/mod.ts";
import { isAddress } from "../protocol/address.ts";
import { AddressList } from "../protocol/addresslist.ts";
import type { Session } from "../session/session.ts";

/** A question, by whom it is asked, and who is to be told what was made of it. */
export interface Asked {
  readonly event: StageEvent;
  /** The server's own name. */
  readonly name: string;
  /** Counts a result that has no place among the facts of a session or a transaction. Absent: nobody counts. */
  readonly found?: ((check: string, result: string) => void) | undefined;
}

/** What was asked; undefined for HTTP. */
export function askedOf(c: Context): Asked | undefined {
  return callOf(c);
}

/** Who is not looked at. */
export interface Exemptions {
  /** Clients that are not looked at: addresses, networks in CIDR notation, `"unix"` for Unix sockets. Default: none. */
  readonly except?: readonly string[];
}

/**
 * Compiles the exemptions: authenticated clients, those on the list, and those on a Unix socket, who have no address.
 *
 * @throws {TypeError} for an entry that is neither address nor range.
 */
export function exempting({ except }: Exemptions): (session: Session) => boolean {
  const listed = new AddressList("except", except);
  return ({ user, remote: { address } }) => user !== undefined || !isAddress(address) || listed.includes(address);
}

/** The stages at which the client waits for a reply, in their order. */
const order = ["connect", "helo", "auth", "mail", "rcpt", "data", "deliver"];

/** Whether `stage` is `from` or comes after it. What comes in between (`command`) and last (`disconnect`) is neither. */
export function isFrom(stage: string, from: string): boolean {
  return order.indexOf(stage) >= order.indexOf(from);
}

let shared: Resolver | undefined;

/** The resolver of those who bring none: one for the process, so that its cache is shared. */
export function sharedResolver(): Resolver {
  return shared ??= dnsResolver();
}
