/** Whether a domain can receive mail. */
export { mailable } from "./mailable.ts";
export type { Mailability, MailableOptions } from "./mailable.ts";
