/** A SASL exchange on the wire (RFC 4954 section 4): challenges go out as 334, responses come in as base64 lines. */

import type { Reply } from "../protocol/reply.ts";
import { decodeBase64, encodeBase64 } from "../sasl/base64.ts";
import type { Failure, PasswordLookup, ScramLookup, Step } from "../sasl/mod.ts";
import type { Conversation } from "./conversation.ts";
import type { AuthEvent } from "./event.ts";
import type { ShownCredentials } from "./proof.ts";
import * as replies from "./replies.ts";
import { bare } from "./session.ts";

/** RFC 4954 section 4 calls it sufficient: the longest response in octets of base64, without its CRLF. */
export const longestResponse = 12_288;

/** What stands before the initial response in an AUTH line, blanks included: a mechanism has 20 letters at most. */
export const longestAuthArgument: number = longestResponse + 22;

/** How an exchange ended. */
export type ExchangeOutcome =
  /** The client is who it says. `reply` has the application's own words. */
  | { readonly type: "success"; readonly user: string; readonly reply: Reply }
  /** It is not: somebody may be guessing. `reason` is for the log, and holds no secret. */
  | { readonly type: "refused"; readonly reply: Reply; readonly reason?: string }
  /** Nothing was found out. */
  | { readonly type: "ended"; readonly reply: Reply; readonly reason?: string };

const blocked: ExchangeOutcome = { type: "ended", reply: replies.tooManyAuthFailures };

/** One AUTH command. */
export class Exchange {
  readonly #conversation: Conversation;
  readonly #mechanism: string;
  #endTurn: (() => void) | undefined;

  constructor(conversation: Conversation, mechanism: string) {
    this.#conversation = conversation;
    this.#mechanism = mechanism;
  }

  /** The outcome has been counted. */
  end(): void {
    this.#endTurn?.();
    this.#endTurn = undefined;
  }

  /** Takes steps until there is an outcome. */
  async run(first: Step): Promise<ExchangeOutcome> {
    let step = first;
    /** What the application said of the credentials; the mechanism may have more to say to the client before the end. */
    let verdict: Reply | undefined;
    while (true) {
      switch (step.type) {
        case "challenge": {
          const response = await this.#ask(step.data);
          if (response instanceof Uint8Array) {
            step = step.respond(response);
            break;
          }
          // Whoever was refused already was refused, and does not go uncounted by leaving early.
          if (verdict === undefined || verdict.code < 300) return { type: "ended", reply: response };
          return { type: "refused", reply: response.close ? response : verdict };
        }
        case "credentials": {
          if (!await this.#hasTurn()) return blocked;
          const event = this.#event(step.credentials);
          verdict = await this.#decide(event);
          if (verdict.code < 300) step = step.accept(event.user);
          // Only a plain "no" is worth the error challenge of OAUTHBEARER and XOAUTH2.
          else if (verdict.code === 535 && !verdict.close) step = step.refuse();
          else return refusal(verdict);
          break;
        }
        case "lookup":
          return await this.#lookUp(step);
        case "success":
          return { type: "success", user: step.user, reply: verdict ?? replies.authenticated };
        case "failure":
          return failed(step, verdict);
      }
    }
  }

  /** The application asks the client for a proof while it decides; that there was one is for the session to say. */
  async #lookUp(step: PasswordLookup | ScramLookup): Promise<ExchangeOutcome> {
    if (!await this.#hasTurn()) return blocked;
    let proof: Promise<ExchangeOutcome> | undefined;
    let isOver = false;
    const prove = async (next: () => Step): Promise<boolean> => {
      // A handler that is past its time is not listened to.
      if (isOver) return false;
      if (proof !== undefined) throw new Error("Cannot challenge the client a second time: prove() was called before");
      proof = this.run(next());
      return (await proof).type === "success";
    };
    const { mechanism, user, authorizationId } = step;
    const event = this.#event(
      step.secret === "scram"
        ? {
          type: "scram",
          mechanism,
          user,
          authorizationId,
          hash: step.hash,
          prove: (found) => prove(() => step.resume(found)),
        }
        : { type: "cram-md5", mechanism, user, authorizationId, prove: (found) => prove(() => step.resume(found)) },
    );
    const verdict = await this.#decide(event);
    isOver = true;
    const outcome: ExchangeOutcome | undefined = await proof;
    if (outcome?.type === "success") {
      return verdict.code < 300 ? { ...outcome, user: event.user ?? outcome.user, reply: verdict } : refusal(verdict);
    }
    if (outcome?.type === "refused") return verdict.code >= 500 ? { ...outcome, reply: verdict } : outcome;
    if (outcome !== undefined) return outcome;
    if (verdict.code >= 300) return refusal(verdict);
    const reason = `The application accepted ${mechanism} without a proof: a handler has to call prove()`;
    return { type: "ended", reply: replies.authUnavailable, reason };
  }

  /** Asked just before the application: since the exchange began the address may have had its failures. */
  async #hasTurn(): Promise<boolean> {
    const { addressFailures, session, wire } = this.#conversation;
    if (addressFailures === undefined) return true;
    this.#endTurn ??= await addressFailures.turn(session.remote.address, () => wire.input.gone());
    return this.#endTurn !== undefined;
  }

  #event(credentials: ShownCredentials): AuthEvent {
    return bare<AuthEvent>({
      stage: "auth",
      session: this.#conversation.session,
      mechanism: this.#mechanism,
      credentials: bare(credentials),
    });
  }

  async #decide(event: AuthEvent): Promise<Reply> {
    const reply = await this.#conversation.decide(event) ?? replies.authUnavailable;
    // A client has no use for an intermediate reply here.
    return reply.code >= 300 && reply.code < 400 ? replies.authUnavailable : reply;
  }

  /** Sends a challenge, and decodes the response; or the reply that ends the exchange. */
  async #ask(challenge: Uint8Array): Promise<Uint8Array | Reply> {
    const conversation = this.#conversation;
    const line = await conversation.challenge(encodeBase64(challenge), longestResponse + 2);
    if (typeof line !== "string") {
      if ("code" in line) return line;
      return line.error === "too long" ? replies.authTooLong : replies.badBase64;
    }
    // An extension's command is the last of its group (RFC 2920 section 3.1), and the responses belong to the command.
    if (conversation.wire.input.hasMore && conversation.options.pipelining === "strict") return replies.synchronization;
    if (line === "*") return replies.authCancelled;
    return decodeBase64(line) ?? replies.badBase64;
  }
}

function refusal(reply: Reply): ExchangeOutcome {
  return { type: reply.code >= 500 ? "refused" : "ended", reply };
}

/** The application's refusal has its own words; everything else is the mechanism's to say. */
function failed({ cause, reason }: Failure, verdict: Reply | undefined): ExchangeOutcome {
  switch (cause) {
    case "rejected": {
      const isRefusal = verdict !== undefined && verdict.code >= 300;
      return { type: "refused", reply: isRefusal ? verdict : replies.badCredentials, reason };
    }
    case "malformed":
      return { type: "ended", reply: replies.badResponse, reason };
    case "unexpected-initial-response":
      return { type: "ended", reply: replies.noInitialResponse, reason };
    case "too-long":
      return { type: "ended", reply: replies.authTooLong, reason };
  }
}
