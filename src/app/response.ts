/** What a handler's Response means in SMTP. */

import type { Reply } from "../protocol/reply.ts";
import { authUnavailable } from "../session/replies.ts";
import type { Stage } from "./stage.ts";
import { fits, replyHeader } from "./reply.ts";

const temporary: Reply = { code: 451, enhanced: "4.3.0", text: "Temporary failure, try again later" };

/** A handler's answer that is none: the sender keeps the mail, or the user the password, and tries again. */
export function tryAgain(stage: Stage): Reply {
  return stage === "auth" ? authUnavailable : temporary;
}

/** A reply with the text it has when the handler gives none. */
type Meaning = readonly [code: number, enhanced: string, text: string];

/** HTTP's words for refusals. */
const httpMeanings: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [401, [530, "5.7.0", "Authentication required"]],
  [403, [550, "5.7.1", "Refused by policy"]],
  [404, [550, "5.1.1", "No such recipient here"]],
  [408, [451, "4.7.0", "Try again later"]],
  [410, [550, "5.1.1", "No such recipient here"]],
  [413, [552, "5.3.4", "Message too large"]],
  [415, [554, "5.6.0", "Message content not accepted"]],
  [422, [554, "5.6.0", "Message content not accepted"]],
  [425, [451, "4.7.0", "Try again later"]],
  [429, [451, "4.7.0", "Too many requests, try again later"]],
]);

/**
 * SMTP's own codes (RFC 5321 section 4.2.3, RFC 4954 section 6, RFC 7504, and 523 of RFC 5248 section 2.4), each with its
 * most general enhanced code.
 */
const smtpMeanings: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [421, [421, "4.3.2", "Service not available, try again later"]],
  [432, [432, "4.7.12", "A password transition is needed"]],
  [450, [450, "4.2.0", "Mailbox unavailable, try again later"]],
  [451, [451, "4.3.0", "Temporary failure, try again later"]],
  [452, [452, "4.3.1", "Insufficient storage, try again later"]],
  [454, [454, "4.7.0", "Temporary failure, try again later"]],
  [455, [455, "4.5.4", "Unable to accommodate the parameters"]],
  [521, [521, "5.3.2", "No mail is accepted here"]],
  [523, [523, "5.7.10", "Encryption needed"]],
  [530, [530, "5.7.0", "Authentication required"]],
  [534, [534, "5.7.9", "Authentication mechanism is too weak"]],
  [535, [535, "5.7.8", "Authentication credentials invalid"]],
  [538, [538, "5.7.11", "Encryption required for this authentication mechanism"]],
  [550, [550, "5.0.0", "Not accepted"]],
  [551, [551, "5.1.6", "User not local"]],
  [552, [552, "5.2.2", "Mailbox full"]],
  [553, [553, "5.1.3", "Mailbox name not allowed"]],
  [554, [554, "5.0.0", "Transaction failed"]],
  [555, [555, "5.5.4", "Parameters not recognized"]],
  [556, [556, "5.1.10", "The domain does not accept mail"]],
]);

/** Codes after which the server closes the connection (RFC 5321 section 3.8, RFC 7504 section 3). */
const closing = new Set([421, 521]);

/** The reply a Response stands for; `undefined` is the stage's own success. */
export function replyOf(response: Response, stage: Stage): Reply | undefined | Promise<Reply | undefined> {
  const text = textOf(response);
  if (text instanceof Promise) return text.then((body) => interpret(response, stage, body));
  return interpret(response, stage, text);
}

/** What is wrong with an answer that is no Response that SMTP could express; for the log. */
export class NonsenseError extends Error {
  override readonly name = "NonsenseError";
}

/** @throws {NonsenseError} */
function interpret(response: Response, stage: Stage, body: string): Reply | undefined {
  const spelled = response.headers.get(replyHeader);
  if (spelled !== null) return parseReply(spelled, body, stage);
  const { status } = response;
  if (status >= 200 && status < 300) return body === "" ? undefined : success(stage, body);
  if (status < 400) {
    throw new NonsenseError(`The handler answered with status ${status}, which has no meaning for mail`);
  }
  const [code, enhanced, text] = meaningOf(status, stage);
  return withText(code, enhanced, body === "" ? text : body);
}

function meaningOf(status: number, stage: Stage): Meaning {
  const meaning = httpMeanings.get(status) ?? smtpMeanings.get(status) ?? unlisted(status);
  if (stage !== "auth" || status === 421) return meaning;
  // Clients of AUTH know few codes (RFC 4954 section 6): who is refused by HTTP's words had bad credentials.
  if (notLetIn.has(status)) return smtpMeanings.get(535)!;
  return meaning[0] === 451 ? smtpMeanings.get(454)! : meaning;
}

/**
 * What no list has. Where HTTP has no codes of its own a client goes by the first digit (RFC 5321 section 4.2.1): who is
 * to come back must not be told to stay away. HTTP's other refusals are for good, and its failures for now.
 */
function unlisted(status: number): Meaning {
  if (status === 430 || (status >= 432 && status <= 459)) return [status, "4.0.0", "Not accepted now, try again later"];
  if (status >= 530 && status <= 538) return [status, "5.7.0", "Not accepted"];
  return smtpMeanings.get(status < 500 ? 554 : 451)!;
}

const notLetIn = new Set([401, 403, 404, 410]);

/** @throws {NonsenseError} */
function parseReply(spelled: string, body: string, stage: Stage): Reply {
  const match = /^([2-5]\d\d)(?: +([245]\.\d{1,3}\.\d{1,3}))?(?: +(.*))?$/.exec(spelled);
  if (match === null) {
    throw new NonsenseError(`The header ${replyHeader} is not a reply: write "450 4.2.1 text", or use reply()`);
  }
  const code = Number(match[1]);
  // The client would send what nobody waits for (RFC 5321 section 4.2.1). Verbs of one's own may go on that way.
  if (code >= 300 && code < 400 && stage !== "command") {
    throw new NonsenseError(`The handler answered with ${code}, which asks for more, where there is no more to come`);
  }
  const enhanced = match[2] ?? "";
  if (enhanced !== "" && !fits(code, enhanced)) {
    throw new NonsenseError(`The header ${replyHeader} has an enhanced status code of another class than its code`);
  }
  return withText(code, enhanced, match[3]?.slice(0, longestText) ?? body);
}

function withText(code: number, enhanced: string, body: string): Reply {
  const text = body.includes("\n") ? body.split(/\r?\n/) : body;
  return { code, ...(enhanced === "" ? {} : { enhanced }), text, ...(closing.has(code) ? { close: true } : {}) };
}

function success(stage: Stage, body: string): Reply {
  switch (stage) {
    case "connect":
      return withText(220, "", body);
    case "helo":
      return withText(250, "", body);
    case "auth":
      return withText(235, "2.7.0", body);
    case "mail":
      return withText(250, "2.1.0", body);
    case "rcpt":
      return withText(250, "2.1.5", body);
    default:
      return withText(250, "2.0.0", body);
  }
}

/**
 * The body, where it is meant to be read: `text/plain`, which is also what a body without a type is (RFC 2045 section
 * 5.2).
 */
function textOf(response: Response): string | Promise<string> {
  if (response.body === null) return "";
  const type = response.headers.get("content-type") ?? "text/plain";
  if (/^text\/plain\b/i.test(type)) return readText(response.body);
  // Nobody will read it: let go of what it holds. Whether that works is not the client's business.
  response.body.cancel().catch(() => {});
  return "";
}

/** Octets of text that a reply has room for, within reason. */
const longestText = 4096;

/** Chunks that such a text may come in: a body without an end may be one that says nothing. */
const mostChunks = 10_000;

/** The beginning of a text, however long the rest is. Rejects when the body fails. */
async function readText(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  for (let chunks = 0; text.length < longestText; chunks++) {
    if (chunks > mostChunks) throw new NonsenseError("The body of the handler's answer has no end, and says nothing");
    const { done, value } = await reader.read();
    if (done) return (text + decoder.decode()).trimEnd();
    text += decoder.decode(value, { stream: true });
  }
  reader.cancel().catch(() => {});
  return text.slice(0, longestText).trimEnd();
}
