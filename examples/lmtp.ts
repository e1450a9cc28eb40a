/**
 * The mailboxes behind a mail server: Postfix or Exim takes the mail from the world, queues it, and hands it over by
 * LMTP, where each recipient has an answer of their own. One full mailbox does not hold up the others.
 *
 *     postern serve examples/lmtp.ts --lmtp --unix /run/postern/lmtp.sock
 *
 * In Postfix's main.cf: `virtual_transport = lmtp:unix:/run/postern/lmtp.sock`.
 */

import { Postern, reply } from "postern";

interface Mailbox {
  /** Octets that there is room for. */
  readonly quota: number;
  used: number;
}

/** Your storage. */
const mailboxes: ReadonlyMap<string, Mailbox> = new Map([
  ["alice", { quota: 1_000_000, used: 0 }],
  ["bob", { quota: 1_000_000, used: 999_999 }],
]);

const app: Postern = new Postern();

app.rcpt(":user@example.com", (c) => {
  const isKnown = mailboxes.has(c.req.param("user"));
  return isKnown ? c.body(null, 204) : reply(550, "5.1.1", "No such mailbox");
});

app.deliver(":user@example.com", (c) => {
  const user = c.req.param("user");
  const mailbox = mailboxes.get(user)!;
  const { size } = c.var.mail;
  if (mailbox.used + size > mailbox.quota) return reply(452, "4.2.2", `${user}'s mailbox is full`);
  mailbox.used += size;
  console.log(`${user} has ${mailbox.used} of ${mailbox.quota} octets`);
  return c.text(`Delivered to ${user}`);
});

export default app;
