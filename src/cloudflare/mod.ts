/**
 * An app on Cloudflare Email Routing, and an email worker under Postern.
 *
 * @module
 */

export type { AdmissionOptions } from "../admission.ts";
export { email, type EmailWorkerHandler, TemporaryRefusal } from "./email.ts";
export {
  EmailMessage,
  type EmailMessageLike,
  type EmailSendResult,
  type ForwardableEmailMessageLike,
  type OctetStream,
  type ReplyFields,
  type WorkerEmailMessage,
  type WorkerExecutionContext,
} from "./message.ts";
export type { OutgoingMail } from "./outgoing.ts";
export { type EmailWorker, fromEmailWorker, type FromEmailWorkerOptions } from "./worker.ts";
