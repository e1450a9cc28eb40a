/** An app on Cloudflare Email Routing. */

import { admission, type AdmissionOptions } from "../admission.ts";
import type { MailHandler } from "../app/handler.ts";
import { type Mailbox, parsePath } from "../protocol/path.ts";
import type { Reply } from "../protocol/reply.ts";
import { formatReturnPath } from "../protocol/trace.ts";
import { bare, emptyLocals, type Session, sessionId } from "../session/session.ts";
import { Spool } from "../spool/spool.ts";
import type { ForwardableEmailMessageLike, OctetStream } from "./message.ts";

/** The `email()` of a worker. */
export type EmailWorkerHandler = (
  message: ForwardableEmailMessageLike,
  // What a platform binds is the application's own business.
  // deno-lint-ignore no-explicit-any
  env?: any,
  context?: { waitUntil(work: Promise<unknown>): void },
) => Promise<void>;

/** The sender is to try again: what Email Routing does when `email()` throws. */
export class TemporaryRefusal extends Error {
  /** Tells it from other errors in a log, and where `instanceof` cannot: between two copies of the package. */
  override readonly name = "TemporaryRefusal";
  /** 400 to 499. */
  readonly code: number;

  /** Takes what the reply would have said. */
  constructor(code: number, text: string) {
    super(text);
    this.code = code;
  }
}

/**
 * The `email()` of a worker, made of an app.
 *
 * The app's `mail`, `rcpt`, `data` and `deliver` routes are asked, in this order. A refusal of the 500s rejects the
 * message with its text; one of the 400s, or a handler that fails, throws, and the sender tries again. The client's
 * address and name are not known there: `session.remote.address` is empty, `connect` and `helo` are not asked. The
 * message as the platform gave it, with its `forward()` and `reply()`, is `c.var.emailMessage`.
 *
 * @throws {TypeError} for a handler that is none.
 *
 * @example
 * ```ts
 * import { Postern } from "postern";
 * import { email } from "postern/cloudflare";
 *
 * const app = new Postern();
 * app.deliver("support@example.com", async (c) => {
 *   console.log(c.var.mail.headers.get("subject"));
 *   return c.body(null, 204);
 * });
 *
 * export default { email: email(app), fetch: app.fetch };
 * ```
 */
export function email(handler: MailHandler, options: AdmissionOptions = {}): EmailWorkerHandler {
  const admit = admission(handler, options);
  // There is no disk, and the platform limits the size of a message.
  const { open } = new Spool({ memoryPerMessage: Infinity, memoryBudget: Infinity });

  return async (message, env, context) => {
    const from = mailboxOf(message.from);
    const to = mailboxOf(message.to);
    if (to === null) return message.setReject("There is no recipient");
    const content = open();
    try {
      for await (const piece of piecesOf(message.raw)) content.append(piece);
      const reply = await admit({
        session: sessionOf(),
        from,
        to,
        // What Email Routing took it with is not told; a header beyond ASCII needs SMTPUTF8 (RFC 6531 section 3.2).
        ...(content.header.some((octet) => octet > 0x7f) ? { mailParameters: smtputf8 } : {}),
        locals: { emailMessage: message },
        message: { id: sessionId(), content, trace: formatReturnPath(from?.address ?? "") },
        bindings: env,
        waitUntil: (work) => context?.waitUntil(work),
      });
      await settle(message, reply);
    } finally {
      content.release();
    }
  };
}

const smtputf8: ReadonlyMap<string, undefined> = new Map([["SMTPUTF8", undefined]]);

async function settle(message: ForwardableEmailMessageLike, reply: Reply | undefined): Promise<void> {
  if (reply === undefined || reply.code < 300) return;
  const text = [reply.text].flat().join(" ").replace(/[\x00-\x1f\x7f]+/g, " ");
  if (reply.code < 500) throw new TemporaryRefusal(reply.code, text);
  // In local development it is a call to another process, and must have arrived before this one ends.
  await (message.setReject(text) as unknown);
}

function sessionOf(): Session {
  return bare<Session>({
    id: sessionId(),
    remote: { address: "", port: 0 },
    local: { address: "", port: 0 },
    protocol: "ESMTP",
    startedAt: new Date(),
    locals: emptyLocals(),
  });
}

/** null for the null sender, which may be written with its brackets or without. */
function mailboxOf(address: string): Mailbox | null {
  const bare = address.replace(/^<|>$/g, "");
  if (bare === "") return null;
  const path = parsePath(`<${bare}>`);
  if (typeof path !== "string") return path.mailbox;
  // The platform took it for an address: then it is one here, too.
  const at = bare.lastIndexOf("@");
  return { address: bare, local: bare.slice(0, Math.max(at, 0)), domain: bare.slice(at + 1) };
}

async function* piecesOf(stream: OctetStream): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      if (value !== undefined) yield value;
    }
  } finally {
    reader.releaseLock();
  }
}
