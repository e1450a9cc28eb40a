/** The receiving half: mail that a forwarder hands on reaches the stages of an app as if it had come by SMTP. */

import type { Context, ExecutionContext } from "hono";
import { admission, type AdmissionOptions } from "../admission.ts";
import type { MailHandler } from "../app/handler.ts";
import { reply } from "../app/reply.ts";
import type { Reply } from "../protocol/reply.ts";
import type { Content } from "../session/content.ts";
import { Spool, type SpoolOptions } from "../spool/spool.ts";
import { readSubmission, UnreadableError } from "./reading.ts";
import { matches, sign, signFacts, signingKeys } from "./signature.ts";

/** What `receive()` puts on `c.var`, of all stages that it asks. */
export interface ReceiveVariables {
  /**
   * The `webhook-id` of the request: the same whenever the same message of the same sender is handed on for the same
   * recipient, and whenever a request is sent again.
   */
  readonly webhookId?: string;
}

/** Options of {@linkcode receive}. */
export interface ReceiveOptions extends AdmissionOptions {
  /** The forwarder's; several are accepted while one replaces the other. */
  readonly secret: string | readonly string[];
  /** Seconds by which the forwarder's clock, or the way of a request, may be late or early. Default 300. */
  readonly tolerance?: number;
  /** The largest message, in octets. Default 25 MiB. */
  readonly maxSize?: number;
  /** Where a message lies while its signature is checked and its handlers run. */
  readonly spool?: SpoolOptions;
}

/** A fetch handler, and a Hono handler as well. */
export type ReceiveHandler = (
  request: Request | Context,
  // What a platform binds is the application's own business.
  // deno-lint-ignore no-explicit-any
  env?: any,
  context?: Pick<ExecutionContext, "waitUntil">,
) => Promise<Response>;

/**
 * A fetch handler that lets forwarded mail into an app.
 *
 * It takes what `forward()` sends in the format `raw`, at the stages `rcpt` and `deliver`, and asks the app's `mail`,
 * `rcpt`, `data` and `deliver` routes in this order, so that the app file that answers a server of its own answers
 * behind a forwarder, too. Nothing reaches a handler before the signatures are verified: whatever is unsigned, wrongly
 * signed or too old gets 401. Signed are the id, the time, the body, and all headers `smtp-…`; the URL and other headers,
 * `content-type` among them, are not.
 *
 * It remembers no ids. A message may come twice, when an answer was lost on its way or when somebody who saw a request
 * sends it again within the tolerance: where that matters, drop what has a `c.var.webhookId` that you have seen.
 *
 * @throws {TypeError} for a handler or a secret that is none.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { receive } from "postern/forward";
 *
 * const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";
 * const app = new Postern();
 * app.deliver("support@example.com", (c) => c.text("Thanks"));
 * app.post("/inbound", receive(app, { secret }));
 *
 * export default app; // a function for any platform that serves a fetch handler
 * ```
 */
export function receive(handler: MailHandler, options: ReceiveOptions): ReceiveHandler {
  const keys = signingKeys(options.secret);
  const { tolerance = 300, maxSize = 25 * 1024 * 1024 } = options;
  const admit = admission(handler, options);
  const { open } = new Spool(options.spool);

  async function isGenuine(headers: Headers, content: Content): Promise<boolean> {
    const { id, timestamp, signature, facts } = signatureOf(headers)!;
    const isBody = matches(signature, await sign(keys, { id, timestamp, body: content.read() }));
    return matches(facts, await signFacts(keys, id, timestamp, headers)) && isBody;
  }

  async function take(request: Request, env: object | undefined, waitUntil: WaitUntil): Promise<Response> {
    const { headers } = request;
    const signed = signatureOf(headers);
    // Before the body is read: what could not be accepted is not worth the room.
    if (request.method !== "POST" || signed === undefined) return refusal(401, "This door takes signed requests only");
    if (Math.abs(Date.now() / 1000 - signed.timestamp) > tolerance) {
      return refusal(401, "The signature is too old, or one of the clocks is wrong");
    }
    if (Number(headers.get("content-length")) > maxSize) return refusal(413, "Message too large");
    const content = open();
    try {
      if (!await fill(content, request.body, maxSize)) return refusal(413, "Message too large");
      if (!await isGenuine(headers, content)) return refusal(401, "The signature is not the one expected");
      const submission = await readSubmission(headers, content);
      const locals = { webhookId: signed.id };
      return answer(await admit({ ...submission, locals, bindings: env, waitUntil }));
    } catch (error) {
      // A forwarder set up wrongly: the mail waits until it is set right.
      if (error instanceof UnreadableError) return refusal(501, error.message);
      throw error;
    } finally {
      content.release();
    }
  }

  return (request, env, context) => {
    if (!("req" in request)) return take(request, env, (work) => context?.waitUntil(work));
    return take(request.req.raw, request.env, (work) => executionContextOf(request)?.waitUntil(work));
  };
}

type WaitUntil = (work: Promise<unknown>) => void;

/** Hono throws where there is none. */
function executionContextOf(c: Context): Pick<ExecutionContext, "waitUntil"> | undefined {
  try {
    return c.executionCtx;
  } catch {
    return undefined;
  }
}

function signatureOf(
  headers: Headers,
): { readonly id: string; readonly timestamp: number; readonly signature: string; readonly facts: string } | undefined {
  const id = headers.get("webhook-id");
  const time = headers.get("webhook-timestamp");
  const signature = headers.get("webhook-signature");
  const facts = headers.get("smtp-signature");
  if (!id || !time || !signature || !facts || !/^\d{1,12}$/.test(time)) return undefined;
  return { id, timestamp: Number(time), signature, facts };
}

/** @returns false when the body is longer than allowed. */
async function fill(content: Content, body: ReadableStream<Uint8Array> | null, maxSize: number): Promise<boolean> {
  const reader = body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) return true;
    content.append(value);
    if (content.size > maxSize) {
      await reader.cancel();
      return false;
    }
    await content.settle();
  }
  return true;
}

function refusal(status: number, text: string): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}

/** The status is one that proxies understand; the header says the reply itself. */
function answer(decision: Reply | undefined): Response {
  if (decision === undefined) return new Response(null, { status: 204 });
  const { code, enhanced = "", text } = decision;
  const spelled = reply(code, enhanced, text);
  const status = code < 300 ? 200 : code >= 500 ? 422 : 503;
  return new Response(spelled.body, { status, headers: spelled.headers });
}
