/** The sending half: decisions are made by a function elsewhere. */

import type { Context } from "hono";
import { replyHeader } from "../app/reply.ts";
import type { Stage } from "../app/stage.ts";
import { type ForwardedEvent, forwardedEvent } from "./event.ts";
import type { RequestBody } from "./format.ts";
import { Gate } from "./gate.ts";
import { type ForwardOptions, type ForwardSettings, forwardSettings } from "./options.ts";
import { sign, signFacts } from "./signature.ts";
import { openTransport } from "./opening.ts";
import { type Answer, fetchTransport, type Transport } from "./transport.ts";
import { after } from "../timer.ts";

/** Redirects within the host are followed so often. */
const mostRedirects = 3;

/** A handler of any stage. */
export type ForwardHandler = (c: Context) => Promise<Response>;

/**
 * A handler that asks an HTTP function.
 *
 * Each decision is a POST: at `deliver` and `data` with the message in the format of the options, at any other stage
 * with its facts. The function's answer is the handler's: 2xx takes the message; 4xx refuses it, but for 401, 407, 408,
 * 425 and 429; SMTP's own codes, as 450 or 550, are taken at their word, but for those between 520 and 530, which
 * proxies say of functions that are not there. A `text/plain` body is the text of the reply, and the header
 * `smtp-reply` spells it out. Any other 5xx, no answer in time, a connection refused, a redirect to
 * another host, or a 401 or 407 for the forwarder itself: 451, and the sender tries again.
 *
 * Requests are signed by Standard Webhooks. `webhook-id` is the same for each attempt at one message of one sender for
 * one recipient, so that a function can drop doubles.
 *
 * @throws {TypeError | RangeError} for a URL or options that cannot be.
 * @throws {PrivateAddressError} for a URL into a private network without `allowPrivate`.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { forward } from "postern/forward";
 *
 * const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=";
 * const app = new Postern();
 * app.deliver("*@example.com", forward("https://app.example/inbound", { secret }));
 * ```
 */
export function forward(url: string | URL, options: ForwardOptions = {}): ForwardHandler {
  const settings = forwardSettings(url, options);
  const gate = new Gate(settings.concurrency);
  // Loaded at once: on Node a module that could not be loaded the first time, for want of file descriptors for example,
  // cannot be loaded again.
  let transport: Promise<Transport> | undefined = options.fetch
    ? Promise.resolve(fetchTransport(options.fetch))
    : open();

  function open(): Promise<Transport> {
    const opening = openTransport({ connections: settings.concurrency, allowPrivate: settings.allowPrivate });
    // What failed once, for want of file descriptors for example, need not fail for the next message.
    opening.catch(() => transport = undefined);
    return opening;
  }

  return async (c) => {
    const event = await forwardedEvent(c);
    const { signal, end } = timeLimit(settings, c.req.raw.signal);
    let leave: (() => void) | undefined;
    try {
      leave = await gate.enter(signal);
      transport ??= open();
      const answer = await ask(await transport, event, settings, signal);
      return responseOf(answer, event.stage, settings.url);
    } finally {
      leave?.();
      end();
    }
  };
}

/** The time one decision has: the forwarder's own and the handler's, whichever ends first. */
function timeLimit({ timeout, url }: ForwardSettings, handler: AbortSignal): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const giveUp = () => controller.abort(handler.reason);
  const takeBack = after(timeout, () => {
    controller.abort(new DOMException(`${url.host} did not answer within ${timeout / 1000} s`, "TimeoutError"));
  });
  if (handler.aborted) giveUp();
  else handler.addEventListener("abort", giveUp, { once: true });
  const end = () => {
    takeBack();
    handler.removeEventListener("abort", giveUp);
  };
  return { signal: controller.signal, end };
}

async function ask(
  transport: Transport,
  event: ForwardedEvent,
  settings: ForwardSettings,
  signal: AbortSignal,
): Promise<Answer> {
  const { secret, format } = settings;
  const body = await format(event, { secret });
  const headers = await headersOf(event, body, settings);
  let { url } = settings;
  for (let redirects = 0;; redirects++) {
    const answer = await transport({ url, headers, body, signal });
    if (answer.status !== 307 && answer.status !== 308) return answer;
    url = redirectTarget(url, answer, redirects);
  }
}

/** Only 307 and 308 mean "the same again, there" (RFC 9110 section 15.4); the message stays with its host. */
function redirectTarget(from: URL, { headers }: Answer, redirects: number): URL {
  const location = headers.get("location");
  if (redirects >= mostRedirects) throw new Error(`${from.host} redirected more than ${mostRedirects} times`);
  if (location === null || !URL.canParse(location, from)) throw new Error(`${from.host} redirected to nowhere`);
  const to = new URL(location, from);
  const isUpgrade = to.hostname === from.hostname && to.protocol === "https:" && from.protocol === "http:";
  if (to.origin === from.origin || isUpgrade) return to;
  throw new Error(`${from.host} redirected to ${to.host}: mail is not sent on to another host`);
}

async function headersOf(event: ForwardedEvent, body: RequestBody, settings: ForwardSettings): Promise<Headers> {
  const { keys } = settings;
  const headers = new Headers(settings.headers);
  headers.set("user-agent", headers.get("user-agent") ?? "Postern");
  for (const [name, value] of Object.entries(body.headers)) headers.set(name, value);
  for (const [name, value] of event.facts) {
    if (name === "authorization") headers.set(name, credentials(value, settings));
    else headers.append(name, value);
  }
  const timestamp = Math.floor(Date.now() / 1000);
  headers.set("webhook-id", event.id);
  headers.set("webhook-timestamp", `${timestamp}`);
  if (keys.length === 0) return headers;
  headers.set("webhook-signature", await sign(keys, { id: event.id, timestamp, body: body.read() }));
  headers.set("smtp-signature", await signFacts(keys, event.id, timestamp, headers));
  return headers;
}

/** A client's password goes to no function in the clear, unless that is next door. */
function credentials(value: string, { url, allowPrivate }: ForwardSettings): string {
  if (url.protocol === "https:" || allowPrivate) return value;
  throw new Error(`Cannot ask ${url.host} about a password over http: use https`);
}

/** Of an answer only what a reply is made of. */
function responseOf({ status, headers, text }: Answer, stage: Stage, url: URL): Response {
  // The credentials that were wrong are the forwarder's: that is no reason to bounce somebody's mail.
  const isOurs = stage !== "auth" && (status === 401 || status === 407) && !headers.has(replyHeader);
  if (isOurs) {
    throw new Error(`${url.host} answered with status ${status}: it does not accept our signature or password`);
  }
  // What a proxy says for a function that it cannot reach, Cloudflare for one, are SMTP codes of refusals for good.
  if (status >= 520 && status <= 530 && !headers.has(replyHeader)) {
    throw new Error(`${url.host} answered with status ${status}: a proxy before the function could not ask it`);
  }
  if (status < 200 || (status >= 300 && status < 400) || status > 599) {
    throw new Error(`${url.host} answered with status ${status}, which has no meaning for mail`);
  }
  const spelled = headers.get(replyHeader);
  const kept = new Headers(spelled === null ? {} : { [replyHeader]: spelled });
  if ([204, 205, 304].includes(status) || text === "") return new Response(null, { status, headers: kept });
  kept.set("content-type", "text/plain; charset=utf-8");
  return new Response(text, { status, headers: kept });
}
