/** A forwarded message, read back from its request. */

import type { Submission } from "../admission.ts";
import { type Parameters, parseParameters } from "../protocol/parameters.ts";
import { type Mailbox, parsePath } from "../protocol/path.ts";
import type { Content } from "../session/content.ts";
import { bare, emptyLocals, type Protocol, type Session } from "../session/session.ts";
import { OffsetContent } from "./offset.ts";

/** The request is genuine, and yet says nothing that could be acted on. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

type ForwardedSubmission = Omit<Submission, "bindings" | "waitUntil">;

/**
 * Reads the facts back that the forwarder wrote.
 *
 * @throws {UnreadableError} for another format than `raw`, and another stage than `rcpt` and `deliver`.
 */
export async function readSubmission(headers: Headers, content: Content): Promise<ForwardedSubmission> {
  const stage = headers.get("smtp-stage");
  const type = headers.get("content-type") ?? "";
  if (stage !== "rcpt" && stage !== "deliver") {
    throw new UnreadableError(`Only the stages rcpt and deliver are taken here, not ${stage}`);
  }
  if (stage === "deliver" && !/^message\/rfc822\b/i.test(type)) {
    throw new UnreadableError("Only the format raw, message/rfc822, is taken here");
  }
  const to = mailboxOf(headers, "smtp-rcpt-to");
  if (to === null) throw new UnreadableError("There is no recipient");
  const envelope: ForwardedSubmission = {
    session: sessionOf(headers),
    from: mailboxOf(headers, "smtp-mail-from"),
    to,
    mailParameters: parametersOf(headers, "smtp-mail-parameters"),
    rcptParameters: parametersOf(headers, "smtp-rcpt-parameters"),
  };
  if (stage === "rcpt") return envelope;
  const traceSize = Number(headers.get("smtp-trace-size") ?? "0");
  if (!(traceSize >= 0 && traceSize <= Math.min(content.size, 65_536))) {
    throw new UnreadableError("smtp-trace-size is wrong");
  }
  const message = { id: valueOf(headers, "smtp-message-id") ?? "", ...await OffsetContent.split(content, traceSize) };
  return { ...envelope, message };
}

function sessionOf(headers: Headers): Session {
  const helo = valueOf(headers, "smtp-helo");
  const user = valueOf(headers, "smtp-user");
  return bare<Session>({
    id: valueOf(headers, "smtp-session-id") ?? "",
    remote: { address: valueOf(headers, "smtp-remote-address") ?? "", port: 0 },
    local: { address: "", port: 0 },
    protocol: (valueOf(headers, "smtp-protocol") ?? "ESMTP") as Protocol,
    ...(helo === undefined ? {} : { helo }),
    ...(user === undefined ? {} : { user }),
    startedAt: new Date(),
    locals: emptyLocals(),
  });
}

function parametersOf(headers: Headers, name: string): Parameters {
  const parameters = parseParameters(` ${valueOf(headers, name) ?? ""}`);
  if (parameters === undefined) throw new UnreadableError(`${name} are no parameters`);
  return parameters;
}

function mailboxOf(headers: Headers, name: string): Mailbox | null {
  const address = valueOf(headers, name) ?? "";
  if (address === "") return null;
  const path = parsePath(`<${address}>`);
  if (typeof path === "string") throw new UnreadableError(`${name} is no address`);
  return path.mailbox;
}

/** Header values are percent-encoded, so that they are ASCII. */
function valueOf(headers: Headers, name: string): string | undefined {
  const value = headers.get(name);
  if (value === null) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    throw new UnreadableError(`${name} is not percent-encoded as it should be`);
  }
}
