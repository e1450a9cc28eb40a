/** The parameters of MAIL and RCPT, each handed to the extension that brought it. */

import type { Parameters } from "../../protocol/parameters.ts";
import type { Reply } from "../../protocol/reply.ts";
import type { Conversation } from "../conversation.ts";
import type { Draft, Envelope, Recipient } from "../envelope.ts";
import { extensions, type ParameterRule } from "../extensions.ts";
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
    const problem = rule === undefined ? replies.unsupportedParameter(keyword) : rule(value, subject, conversation);
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
  for (const extension of extensions) {
    const rules = extension[verb];
    if (rules === undefined || !Object.hasOwn(rules, keyword)) continue;
    if (extension.advertise(conversation) !== undefined) return rules[keyword] as ParameterRule<Subject[V]>;
  }
  return undefined;
}
