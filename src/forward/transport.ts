/** How a request reaches its function. */

import { describeError, stackOf, withVisibleUrls } from "../visible.ts";
import type { RequestBody } from "./format.ts";

/** A POST to be made. */
export interface OutgoingRequest {
  readonly url: URL;
  /** Without `content-length`, which the body has. */
  readonly headers: Headers;
  readonly body: RequestBody;
  readonly signal: AbortSignal;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The beginning of a `text/plain` body; empty for any other. */
  readonly text: string;
}

/** Makes one request; follows no redirect. Rejects when no answer came. */
export type Transport = (request: OutgoingRequest) => Promise<Answer>;

/** Octets of text that a reply has room for. */
export const longestText = 4096;

/**
 * Whether somebody wants to read the body: a reply is text/plain, and so is a body without a type (RFC 2045 section
 * 5.2).
 */
export function isReplyText(headers: Headers): boolean {
  return /^text\/plain\b/i.test(headers.get("content-type") ?? "text/plain");
}

/** A transport made of a `fetch`: one that a platform or a test gives, where there are no sockets of our own. */
export function fetchTransport(fetch: typeof globalThis.fetch): Transport {
  return async ({ url, headers, body, signal }) => {
    const { gathered } = await import("../app/digest.ts");
    // In one piece: a stream for a body would lose its length.
    const init = { method: "POST", headers, body: await gathered(body.read()), redirect: "manual", signal } as const;
    const response = await fetch(url, init).catch((error) => {
      throw withoutSecrets(error);
    });
    const text = isReplyText(response.headers) ? await beginning(response) : "";
    await response.body?.cancel().catch(() => {});
    return { status: response.status, headers: response.headers, text };
  };
}

/** Some runtimes name the URL in their error, or in its cause: it has a place in the log, a token in it has not. */
function withoutSecrets(error: unknown): unknown {
  const said = stackOf(error) || describeError(error);
  if (withVisibleUrls(said) === said) return error;
  const { cause } = error as Error;
  const reason = cause === undefined ? "" : ` (${describeError(cause)})`;
  return new Error(withVisibleUrls(`${describeError(error)}${reason}`));
}

async function beginning(response: Response): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  while (text.length < longestText) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text.slice(0, longestText);
}
