/** Which SASL mechanisms a session may use, and what they need to know of it. */

import { type ChannelBindingType, type Mechanism, type MechanismContext, mechanisms } from "../sasl/mod.ts";
import type { Conversation } from "./conversation.ts";

const known = [...mechanisms().values()];
const none: readonly Mechanism[] = [];

/**
 * The mechanisms that AUTH takes now, best first: those that the application has a say on, and that the connection
 * allows. In clear that is none, unless the server was told otherwise (RFC 4954 section 9).
 */
export function possibleMechanisms(conversation: Conversation): readonly Mechanism[] {
  const { session, options, mechanisms } = conversation;
  if (mechanisms.size === 0) return none;
  if (session.tls === undefined && !options.allowInsecureAuth) return none;
  return known.filter(({ name }) => mechanisms.has(name) && isPossible(conversation, name));
}

/**
 * The mechanisms that EHLO names. `-PLUS` is among them only where tls-exporter is there to bind to: it is what clients
 * take for granted (RFC 9266), and one that chose `-PLUS` for being offered could not log in without it. A client that
 * asks for `-PLUS` by tls-server-end-point of its own accord gets it all the same.
 */
export function offeredMechanisms(conversation: Conversation): readonly Mechanism[] {
  const possible = possibleMechanisms(conversation);
  if (isBound(conversation, "tls-exporter")) return possible;
  return possible.filter(({ name }) => !name.endsWith("-PLUS"));
}

/** What an exchange depends on beside what the client says. */
export function mechanismContext(conversation: Conversation, mechanism: string): MechanismContext {
  const identity = externalIdentity(conversation);
  // A client that could bind and was offered nothing to bind to says so, and must not be told that it lies.
  const bindsChannel = mechanism.endsWith("-PLUS") || isBound(conversation, "tls-exporter");
  return {
    hostname: conversation.options.name,
    ...(identity === undefined ? {} : { externalIdentity: identity }),
    ...(bindsChannel ? { channelBinding: (type) => conversation.wire.channelBinding(type) } : {}),
  };
}

function isPossible(conversation: Conversation, name: string): boolean {
  if (name === "EXTERNAL") return externalIdentity(conversation) !== undefined;
  if (!name.endsWith("-PLUS")) return true;
  return isBound(conversation, "tls-exporter") || isBound(conversation, "tls-server-end-point");
}

function isBound(conversation: Conversation, type: ChannelBindingType): boolean {
  const data = conversation.wire.channelBinding(type);
  return data !== undefined && data.length > 0;
}

/** A certificate that chains to no configured authority says nothing of who sent it. */
function externalIdentity({ session }: Conversation): string | undefined {
  const certificate = session.tls?.peerCertificate;
  if (certificate === undefined || !certificate.verified) return undefined;
  // Today's certificates may have an empty subject, and say all in their alternative names.
  return certificate.subject || certificate.altNames[0] || certificate.fingerprint;
}
