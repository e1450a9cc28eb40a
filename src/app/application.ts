/** The app as a session sees it: one question, one reply. */

import type { Reply } from "../protocol/reply.ts";
import * as replies from "../session/replies.ts";
import type {
  Application,
  AuthEvent,
  DataEvent,
  Outcome,
  Question,
  RcptEvent,
  SessionEvent,
} from "../session/event.ts";
import { hearsOfEach } from "../session/outcome.ts";
import { deliverMessage, type DeliverySurroundings, senderOf } from "./delivery.ts";
import { dispatch, type Verdict } from "./dispatch.ts";
import { tryAgain } from "./response.ts";

const noSuchRecipient: Reply = { code: 550, enhanced: "5.1.1", text: "No such recipient here" };
const oneAtATime: Reply = {
  code: 452,
  enhanced: "4.5.3",
  text: "One recipient at a time, please: an earlier message did not reach all of its recipients",
};

/** Makes an app answer sessions. */
export function application(given: DeliverySurroundings): Application {
  const { routes } = given;

  /** A store that fails, or a route that no router can read, costs the client no more than a handler that fails. */
  function decide(event: Question): Reply | undefined | Promise<Reply | undefined> {
    try {
      const decision = answer(event);
      return decision instanceof Promise ? decision.catch((error) => failed(event, error)) : decision;
    } catch (error) {
      return failed(event, error);
    }
  }

  function failed(event: SessionEvent, error: unknown): Reply {
    given.failed(event, error, tryAgain(event.stage));
    return tryAgain(event.stage);
  }

  function answer(event: Question): Reply | undefined | Promise<Reply | undefined> {
    switch (event.stage) {
      case "rcpt":
        return decideRecipient(event);
      case "auth":
        return authenticate(event);
      default:
        return ask(event);
    }
  }

  /** A stage that no route can match costs nothing. */
  function ask(event: Question): Reply | undefined | Promise<Reply | undefined> {
    if (!routes.isDispatched(event.stage)) return undefined;
    const verdict = dispatch(event, undefined, given);
    if (!(verdict instanceof Promise)) return opinionOf(verdict);
    const asked = verdict.then(opinionOf);
    // Nobody waits for the last stage but the server's end.
    if (event.stage === "disconnect") keep(asked);
    return asked;
  }

  function decideRecipient(event: RcptEvent): Reply | undefined | Promise<Reply | undefined> {
    const { session, envelope } = event;
    // Who hears of each recipient need not send to one at a time.
    const isAlone = envelope.to.length === 0 || hearsOfEach(session, envelope);
    const pending = !isAlone && given.deliveries.isPending(senderOf(session, envelope));
    if (pending instanceof Promise || routes.isDispatched("rcpt")) return askAboutRecipient(event, pending);
    return pending ? oneAtATime : byDefault(event);
  }

  /** Nobody is let in by default. */
  async function authenticate(event: AuthEvent): Promise<Reply> {
    const verdict = await dispatch(event, undefined, given);
    if (verdict !== "no opinion") return verdict.reply ?? replies.authenticated;
    const error = new Error(`No auth route answered for ${event.mechanism}, which was offered`);
    given.failed(event, error, replies.authUnavailable);
    return replies.authUnavailable;
  }

  async function askAboutRecipient(event: RcptEvent, pending: boolean | Promise<boolean>): Promise<Reply | undefined> {
    if (await pending) return oneAtATime;
    if (!routes.isDispatched("rcpt")) return byDefault(event);
    const verdict = await dispatch(event, undefined, given);
    return verdict === "no opinion" ? byDefault(event) : verdict.reply;
  }

  /** Closed by default: a recipient is accepted when somebody is there to deliver to. There is no relay to open. */
  function byDefault(event: RcptEvent): Reply | undefined {
    if (routes.has("deliver")) return routes.delivers(event.recipient) ? undefined : noSuchRecipient;
    return routes.has("data") && !routes.has("rcpt") ? undefined : noSuchRecipient;
  }

  function deliver(event: DataEvent): Outcome | Promise<Outcome> {
    try {
      const outcome = deliverMessage(event, given);
      return outcome instanceof Promise ? outcome.catch((error) => failed(event, error)) : outcome;
    } catch (error) {
      return failed(event, error);
    }
  }

  function keep(work: Promise<unknown>): void {
    given.background.add(work);
    const forget = () => given.background.delete(work);
    work.then(forget, forget);
  }

  return { mechanisms: routes.mechanisms, decide, deliver };
}

function opinionOf(verdict: Verdict): Reply | undefined {
  return verdict === "no opinion" ? undefined : verdict.reply;
}
