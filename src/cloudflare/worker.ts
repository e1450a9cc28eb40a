/** The reverse: an email worker under Postern. */

import type { Context } from "hono";
import { callOf } from "../app/entrance.ts";
import type { Mail } from "../app/mail.ts";
import { reply } from "../app/reply.ts";
import type { DeliveryVariables } from "../app/context.ts";
import type { EmailSendResult, WorkerEmailMessage, WorkerExecutionContext } from "./message.ts";
import { composed, forwarded, type OutgoingMail, replied } from "./outgoing.ts";

/** An email worker: what its module exports. */
export interface EmailWorker {
  /** Called with each message. A throw is a temporary failure. */
  // Bindings and context are the worker's own business, and differ from one version of the platform's types to the next.
  // deno-lint-ignore no-explicit-any
  email?(message: any, env: any, context: any): unknown;
}

/** Options of {@linkcode fromEmailWorker}. */
export interface FromEmailWorkerOptions {
  /**
   * Sends what `forward()` and `reply()` send. It gets what nodemailer's `sendMail` takes, so that
   * `(mail) => transport.sendMail(mail)` will do. Without it both fail.
   */
  readonly send?: (mail: OutgoingMail) => Promise<unknown>;
  /** The worker's bindings. Default: the `env` of `serve()`. */
  readonly env?: object;
}

/**
 * A `deliver` handler that runs an email worker.
 *
 * The worker gets each message once for each recipient, as from Email Routing. `setReject(reason)` is 550 5.7.1 with
 * the reason; a throw is 451, and the sender tries again; anything else takes the message.
 *
 * @throws {TypeError} for a worker without `email()`.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { fromEmailWorker, type WorkerEmailMessage } from "postern/cloudflare";
 *
 * const worker = {
 *   async email(message: WorkerEmailMessage) {
 *     if (message.rawSize > 1_000_000) message.setReject("Too large for us");
 *   },
 * };
 * const app = new Postern();
 * app.deliver("*@example.com", fromEmailWorker(worker));
 * ```
 */
export function fromEmailWorker(
  worker: EmailWorker,
  options: FromEmailWorkerOptions = {},
): (c: Context) => Promise<Response> {
  if (typeof worker?.email !== "function") {
    throw new TypeError("Cannot run an email worker: give an object with an email(message, env, ctx) function");
  }
  return async (c) => {
    const variables = variablesOf(c);
    let rejection: string | undefined;
    const message = messageOf(variables, options, (reason) => rejection = reason);
    await worker.email!(message, options.env ?? c.env, contextOf(c));
    return rejection === undefined ? new Response(null, { status: 204 }) : reply(550, "5.7.1", rejection);
  };
}

/** @throws {TypeError} at any other stage. */
function variablesOf(c: Context): DeliveryVariables {
  const call = callOf(c);
  if (call?.event.stage !== "deliver") {
    throw new TypeError("An email worker is a handler of the stage deliver: app.deliver(pattern, fromEmailWorker(…))");
  }
  return c.var as unknown as DeliveryVariables;
}

function messageOf(
  { envelope, recipient, mail }: DeliveryVariables,
  { send }: FromEmailWorkerOptions,
  setReject: (reason: string) => void,
): WorkerEmailMessage {
  const from = envelope.from?.address ?? "";
  let raw: ReadableStream<Uint8Array> | undefined;

  async function sendBy(what: string, outgoing: () => OutgoingMail | Promise<OutgoingMail>): Promise<EmailSendResult> {
    if (send === undefined) {
      throw new Error(`Cannot ${what}: Postern sends no mail by itself; give fromEmailWorker the option "send"`);
    }
    const result: unknown = await send(await outgoing());
    const messageId: unknown = typeof result === "object" && result !== null ? Reflect.get(result, "messageId") : "";
    return { messageId: typeof messageId === "string" ? messageId : "" };
  }

  return {
    from,
    to: recipient.address,
    headers: headersOf(mail),
    get raw() {
      return raw ??= mail.stream();
    },
    rawSize: mail.size,
    canBeForwarded: send !== undefined,
    setReject: (reason) => setReject(`${reason}`),
    forward: (rcptTo, headers) => sendBy("forward a message", () => forwarded(mail, from, rcptTo, headers)),
    reply: (message) =>
      sendBy("reply to a message", () => {
        if (from === "") throw new Error("Cannot reply to a message from <>: nobody is there");
        return "subject" in message ? composed(message, from, mail.headers) : replied(message, from);
      }),
  };
}

/** What a name may be in HTTP (RFC 9110 section 5.6.2): mail has more, as `X-Foo/Bar` (RFC 5322 section 2.2). */
const token = /^[\w!#$%&'*+.^`|~-]+$/;

/** `Headers` joins fields of one name, and takes no name or value that HTTP has no room for: those stay in `raw`. */
function headersOf(mail: Mail): Headers {
  const headers = new Headers();
  for (const [name, value] of mail.headers) {
    if (!token.test(name)) continue;
    try {
      headers.append(name, value);
    } catch {
      headers.append(name, value.replace(/[^\x20-\x7e]/g, "?"));
    }
  }
  return headers;
}

function contextOf(c: Context): WorkerExecutionContext {
  return {
    waitUntil: (work) => c.executionCtx.waitUntil(work),
    passThroughOnException() {},
    props: {},
  };
}
