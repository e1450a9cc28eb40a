/**
 * Support mail becomes tickets: a new message opens one, and one with `[#7]` in its subject goes to ticket 7.
 *
 *     postern serve examples/tickets.ts
 */

import { Postern, SmtpError } from "postern";

interface Ticket {
  readonly subject: string;
  readonly messages: { readonly from: string; readonly text: string; readonly attachments: number }[];
}

/** Your database. */
const tickets: Ticket[] = [];

const app: Postern = new Postern();

app.deliver("support@example.com", async (c) => {
  const mail = await c.var.mail.parse();
  const { subject = "(no subject)", text = "", attachments } = mail;
  const number = Number(/\[#(\d+)\]/.exec(subject)?.[1] ?? tickets.push({ subject, messages: [] }));
  const ticket = tickets[number - 1];
  if (ticket === undefined) throw new SmtpError(550, "5.6.0", `There is no ticket ${number}`);
  // The From field is what people read; the envelope is where a bounce would go.
  const from = mail.from?.value[0]?.address ?? c.var.envelope.from?.address ?? "";
  ticket.messages.push({ from, text: text.trim(), attachments: attachments.length });
  // As JSON, in which no control character of a stranger's reaches the terminal.
  const { length } = ticket.messages;
  console.log(`ticket ${number}, ${JSON.stringify(ticket.subject)}: message ${length} from ${JSON.stringify(from)}`);
  return c.text(`This is ticket ${number}`);
});

export default app;
