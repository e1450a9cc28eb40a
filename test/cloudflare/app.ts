/** One app file, for Postern and for an email worker alike. */

import { Postern, reply, SmtpError } from "postern";

const app: Postern = new Postern();

app.mail("*@spam.example", () => reply(550, "5.7.1", "No, thank you"));

app.rcpt("nobody@example.com", () => {
  throw new SmtpError(550, "5.1.1", "No such user");
});

app.deliver("busy@example.com", () => reply(450, "4.2.1", "Come back later"));

app.deliver("fails@example.com", () => {
  throw new Error("the handler failed");
});

app.deliver("parts@example.com", async (c) => {
  const { subject, attachments } = await c.var.mail.parse();
  return attachments.length > 0 ? c.text(`${attachments.length} in ${subject}`, 422) : c.body(null, 204);
});

app.deliver(":user@example.com", async (c) => {
  const { from } = c.var.envelope;
  const facts = [
    c.req.param("user"),
    encodeURIComponent(from?.address ?? "<>"),
    c.var.recipient.tag ?? "",
    await c.var.mail.fingerprint(),
  ];
  // Refused, so that every door has to show what the handler saw.
  if (c.req.param("user").startsWith("show")) return c.text(facts.join(" "), 554 as never);
  const { mail } = c.var;
  c.executionCtx.waitUntil(new Promise((resolve) => setTimeout(resolve, 10)).then(() => mail.text()));
  return c.body(null, 204);
});

export default app;
