/** Which SASL mechanisms a session may use, and what they need to know of it. */

import { type Mechanism, type MechanismContext, mechanisms } from "../sasl/mod.ts";
import type { Conversation } from "./conversation.ts";

const known = [...mechanisms().values()];
const none: readonly Mechanism[] = [];

/**
 * The mechanisms that are offered now, best first: those that the application has a say on, and that the connection
 * allows. In clear that is none, unless the server was told otherwise (RFC 4954 section 9).
 */
export function offeredMechanisms(conversation: Conversation): readonly Mechanism[] {
  const { session, options, mechanisms } = conversation;
  if (mechanisms.size === 0) return none;
  if (session.tls === undefined && !options.allowInsecureAuth) return none;
  return known.filter(({ name }) => mechanisms.has(name) && isPossible(conversation, name));
}

/** What an exchange depends on beside what the client says. */
export function mechanismContext(conversation: Conversation): MechanismContext {
  const identity = externalIdentity(conversation);
  const bindsChannel = offeredMechanisms(conversation).some(({ name }) => name.endsWith("-PLUS"));
  return {
    hostname: conversation.options.name,
    ...(identity === undefined ? {} : { externalIdentity: identity }),
    ...(bindsChannel ? { channelBinding: (type) => conversation.wire.channelBinding(type) } : {}),
  };
}

function isPossible(conversation: Conversation, name: string): boolean {
  if (name === "EXTERNAL") return externalIdentity(conversation) !== undefined;
  if (!name.endsWith("-PLUS")) return true;
  const exporter = conversation.wire.channelBinding("tls-exporter") ??
    conversation.wire.channelBinding("tls-server-end-point");
  return exporter !== undefined && exporter.length > 0;
}

/** A certificate that chains to no configured authority says nothing of who sent it. */
function externalIdentity({ session }: Conversation): string | undefined {
  const certificate = session.tls?.peerCertificate;
  if (certificate === undefined || !certificate.verified) return undefined;
  // Today's certificates may have an empty subject, and say all in their alternative names.
  return certificate.subject || certificate.altNames[0] || certificate.fingerprint;
}
