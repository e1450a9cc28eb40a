/** The documented contract of email workers: setReject() is a permanent refusal, a throw a temporary one. */

import { Blob } from "node:buffer";
import { email, type EmailWorkerHandler, type ForwardableEmailMessageLike, type OctetStream } from "postern/cloudflare";
import { readMail } from "../mail/check.ts";
import app from "./app.ts";
import { doorMessages, type Outcome } from "./messages.ts";

/** Calls a worker as the platform does, and tells what became of the message, and of how much work it was told. */
export async function byContract(
  handler: EmailWorkerHandler,
  { from, to, data }: { readonly from: string; readonly to: string; readonly data: Uint8Array },
): Promise<Outcome & { readonly work: number }> {
  let rejected: string | undefined;
  const work: Promise<unknown>[] = [];
  const message: ForwardableEmailMessageLike = {
    from,
    to,
    raw: new Blob([data as Uint8Array<ArrayBuffer>]).stream() as unknown as OctetStream,
    rawSize: data.length,
    setReject: (reason) => rejected = reason,
  };
  try {
    await handler(message, { BINDING: 1 }, { waitUntil: (promise) => work.push(promise) });
  } catch {
    return { outcome: "later", work: work.length };
  }
  await Promise.all(work);
  if (rejected === undefined) return { outcome: "taken", work: work.length };
  return { outcome: "refused", text: rejected, work: work.length };
}

/** What becomes of the twelve messages, in the runtime that this runs in. */
export async function allByContract(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name, from, to } of doorMessages) {
    const { work: _, ...outcome } = await byContract(email(app), { from, to, data: readMail(name) });
    outcomes.push(outcome);
  }
  return outcomes;
}
