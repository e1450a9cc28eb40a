/** Responses and replies: how a handler says what SMTP shall say. */

import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** The header of a Response that spells the reply out: `450 4.2.1 text`. */
export const replyHeader = "smtp-reply";

/**
 * A Response that stands for exactly this reply.
 *
 * @param code 200 to 599.
 * @param enhanced an enhanced status code (RFC 3463) of the same class, or `""` for none.
 * @param text one line, or several.
 * @throws {RangeError} when code or enhanced code are none, or do not fit each other.
 *
 * @example
 * ```ts
 * import { Postern, reply } from "postern";
 *
 * const app = new Postern();
 * app.rcpt("full@example.com", () => reply(452, "4.2.2", "Mailbox full, try again tomorrow"));
 * ```
 */
export function reply(code: number, enhanced: string = "", text: string | readonly string[] = ""): Response {
  if (!Number.isInteger(code) || code < 200 || code > 599) {
    throw new RangeError(`Cannot reply with code ${code}: an SMTP reply code is between 200 and 599`);
  }
  if (enhanced !== "" && !fits(code, enhanced)) {
    throw new RangeError(
      `Cannot reply ${code} with enhanced status code "${enhanced}": it is of the form class.subject.detail, ` +
        `and its class is the first digit of the code`,
    );
  }
  const status = enhanced === "" ? `${code}` : `${code} ${enhanced}`;
  // A header holds one line of ASCII; any other text travels in the body.
  if (typeof text === "string" && /^[\x20-\x7e]*$/.test(text)) {
    return new Response(null, { status: code, headers: { [replyHeader]: text === "" ? status : `${status} ${text}` } });
  }
  const headers = { [replyHeader]: status, "content-type": "text/plain; charset=utf-8" };
  // The header says what counts; HTTP allows no body with some codes.
  return new Response([text].flat().join("\n"), { status: code < 400 ? 200 : code, headers });
}

/** Whether an enhanced status code is well formed and of the code's class (RFC 2034 section 4). */
export function fits(code: number, enhanced: string): boolean {
  const match = /^([245])\.\d{1,3}\.\d{1,3}$/.exec(enhanced);
  return match !== null && match[1] === `${code}`[0];
}

/**
 * A refusal to be thrown anywhere in a handler.
 *
 * @example
 * ```ts
 * import { Postern, SmtpError } from "postern";
 *
 * const app = new Postern();
 * app.rcpt(":user@example.com", (c) => {
 *   if (c.req.param("user") !== "support") throw new SmtpError(550, "5.1.1", "No such user");
 *   return c.body(null, 204);
 * });
 * ```
 */
export class SmtpError extends HTTPException {
  /** Tells it from other errors in a log, and where `instanceof` cannot: between two copies of the package. */
  override readonly name = "SmtpError";
  /** 400 to 599. */
  readonly code: number;
  /** As `5.1.1`, or empty. */
  readonly enhanced: string;

  /**
   * Takes what the client is to be told.
   *
   * @throws {RangeError} when the code is no refusal, or the enhanced status code does not fit it.
   */
  constructor(code: number, enhanced: string, text: string, options?: { readonly cause?: unknown }) {
    if (code < 400) throw new RangeError(`Cannot refuse with code ${code}: refusals are between 400 and 599`);
    super(code as ContentfulStatusCode, { message: text, res: reply(code, enhanced, text), cause: options?.cause });
    this.code = code;
    this.enhanced = enhanced;
  }
}
