/** The parameters of MAIL and RCPT, each handed to the extension that brought it. */

import type { Parameters } from "../../protocol/parameters.ts";
import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import type { Draft, Envelope, Recipient } from "../envelope.ts";
import type { ParameterRule } from "../extensions.ts";
import * as replies from "../replies.ts";

type Subject = { mail: Envelope; rcpt: Recipient };

/** Writes the parameters down; returns the refusal of the first one that is unknown, or that has no such value. */
export function applyParameters<V extends keyof Subject>(
  conversation: Conversation,
  verb: V,
  parameters: Parameters,
  subject: Draft<Subject[V]>,
): Reply | undefined {
  for (const [keyword, value] of parameters) {
    const rule = ruleFor(conversation, verb, keyword);
    if (rule === undefined) return replies.unsupportedParameter(keyword);
    const problem = rule(value, subject, conversation);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The rule of an extension that this session was offered; a client that said HELO was offered none. */
function ruleFor<V extends keyof Subject>(
  conversation: Conversation,
  verb: V,
  keyword: string,
): ParameterRule<Subject[V]> | undefined {
  if (!conversation.extended) return undefined;
  const parameter = conversation.options.offer[verb].get(keyword);
  if (parameter?.extension.advertise(conversation) === undefined) return undefined;
  return parameter.rule as ParameterRule<Subject[V]>;
}
