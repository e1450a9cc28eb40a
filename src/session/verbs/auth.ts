/** AUTH (RFC 4954 section 4): the client says who it is, and proves it. */

import type { Reply } from "../../protocol/reply.ts";
import { decodeBase64 } from "../../sasl/base64.ts";
import type { Step } from "../../sasl/mod.ts";
import type { Conversation } from "../conversation.ts";
import { Exchange, type ExchangeOutcome, longestResponse } from "../exchange.ts";
import { mechanismContext, possibleMechanisms } from "../mechanisms.ts";
import * as replies from "../replies.ts";
import { protocolOf } from "../protocol.ts";
import { unknown } from "./unknown.ts";
import { after } from "../../timer.ts";

/** `sasl-mech [SP initial-response]`, with the syntax of RFC 4422 section 3.1. */
const argumentSyntax = /^([A-Za-z0-9_-]{1,20})(?: (.*))?$/;

export function auth(conversation: Conversation, argument: string, verb: string): Reply | Promise<Reply> {
  const { session, options, mechanisms, addressFailures } = conversation;
  if (mechanisms.size === 0) return unknown(conversation, argument, verb);
  if (!conversation.extended) return replies.sayEhloFirst;
  if (session.user !== undefined) return replies.alreadyAuthenticated;
  if (conversation.transaction !== undefined) return replies.authInTransaction;
  if (session.tls === undefined && !options.allowInsecureAuth) return replies.encryptionNeeded;
  const [, name, initial] = argumentSyntax.exec(argument) ?? [];
  if (name === undefined) return replies.syntax("AUTH mechanism [initial-response]");
  const mechanism = possibleMechanisms(conversation).find((possible) => possible.name === name.toUpperCase());
  if (mechanism === undefined) return replies.noSuchMechanism;
  if (initial !== undefined && initial.length > longestResponse) return replies.authTooLong;
  const response = initial === undefined ? undefined : decodeInitial(initial);
  if (initial !== undefined && response === undefined) return replies.badBase64;
  if (addressFailures?.isBlocked(session.remote.address)) return replies.tooManyAuthFailures;
  const first = mechanism.start(mechanismContext(conversation, mechanism.name), response);
  return judge(conversation, mechanism.name, first).then((outcome) => conclude(conversation, mechanism.name, outcome));
}

/** Goes through the exchange, and counts its failure before anybody else of the address has a turn. */
async function judge(conversation: Conversation, mechanism: string, first: Step): Promise<ExchangeOutcome> {
  const { session, addressFailures } = conversation;
  const exchange = new Exchange(conversation, mechanism);
  try {
    const outcome = await exchange.run(first);
    if (outcome.type === "refused") addressFailures?.record(session.remote.address);
    // Another worker's clients may have failed meanwhile.
    const isLate = outcome.type === "success" && addressFailures?.isBlocked(session.remote.address);
    return isLate ? { type: "ended", reply: replies.tooManyAuthFailures } : outcome;
  } finally {
    exchange.end();
  }
}

/** An initial response of no octets is spelled "=", because one that is absent is another thing. */
function decodeInitial(text: string): Uint8Array | undefined {
  if (text === "") return undefined;
  return decodeBase64(text === "=" ? "" : text);
}

async function conclude(conversation: Conversation, mechanism: string, outcome: ExchangeOutcome): Promise<Reply> {
  const { session } = conversation;
  let { reply } = outcome;
  if (outcome.type === "success") {
    session.user = outcome.user;
    session.protocol = protocolOf(conversation);
    // Whatever 2xx the application chose, there is one for this (section 6).
    reply = { code: 235, enhanced: "2.7.0", text: reply.text };
  } else if (outcome.type === "refused") reply = await punish(conversation, reply);
  const reason = outcome.type === "success" ? undefined : outcome.reason;
  conversation.observer.authentication?.(conversation, { mechanism, type: outcome.type, reply, reason });
  return reply;
}

/** Makes guessing slow, and ends it (RFC 5321 section 7.8 allows both). */
async function punish(conversation: Conversation, reply: Reply): Promise<Reply> {
  const { options, addressFailures, session } = conversation;
  const failures = ++conversation.authFailures;
  const delay = options.timeouts.authFailureDelay * failures;
  if (delay > 0) await passed(delay, conversation.wire.input.gone());
  const isOver = failures > options.limits.authFailures || addressFailures?.isBlocked(session.remote.address);
  return isOver ? replies.tooManyAuthFailures : reply;
}

/** Waits, but not for a client that is gone. */
async function passed(milliseconds: number, gone: Promise<void>): Promise<void> {
  let takeBack = () => {};
  const over = new Promise<void>((resolve) => takeBack = after(milliseconds, resolve));
  await Promise.race([over, gone]);
  takeBack();
}
