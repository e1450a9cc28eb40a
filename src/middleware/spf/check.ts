/** The SPF verdict on a message: found once, by whichever middleware asks first. */

import type { Resolver } from "../../dns/mod.ts";
import type { Envelope } from "../../session/envelope.ts";
import type { MailEvent } from "../../session/event.ts";
import { checkHost, type SpfLimits, type SpfVerdict } from "../../spf/mod.ts";
import { sharedResolver } from "../asked.ts";

/** What can be set for a check; see {@linkcode checkHost}. */
export interface CheckOptions {
  readonly resolver?: Resolver;
  readonly timeout?: number;
  readonly limits?: Partial<SpfLimits>;
}

/** What was found for this message, if somebody looked. */
export function verdictOf(envelope: Envelope): SpfVerdict | undefined {
  return envelope.locals["spf"] as SpfVerdict | undefined;
}

/** The verdict on a sender, by the options. */
export function check(
  { session, envelope }: Pick<MailEvent, "session" | "envelope">,
  receiver: string,
  { resolver = sharedResolver(), timeout, limits }: CheckOptions,
  signal: AbortSignal,
): Promise<SpfVerdict> {
  return checkHost({
    ip: session.remote.address,
    sender: envelope.from === null ? "" : `${envelope.from.local}@${envelope.from.domain}`,
    helo: session.helo ?? "",
    receiver,
    resolver,
    signal,
    ...(timeout === undefined ? {} : { timeout }),
    ...(limits === undefined ? {} : { limits }),
  });
}
