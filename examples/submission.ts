/**
 * Mail from people and programs of your own, as on port 587: after a login, each in their own name only.
 *
 *     postern serve examples/submission.ts --port 587 --require-tls --tls-cert cert.pem --tls-key key.pem
 *
 * To try it without a certificate, on this machine alone: `--hostname 127.0.0.1 --allow-insecure-auth`.
 * Postern relays nothing: what is to leave the house is for a mail server or a provider's API to send.
 */

import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import { type MailEnv, password, Postern, scram, type ScramCredentials, scramCredentials } from "postern";
import { requireAuth } from "postern/require-auth";
import { senderMatchesUser } from "postern/sender-matches-user";

/** Your database: of a password only what SCRAM can check it by, which is of no use to a thief elsewhere. */
const users: ReadonlyMap<string, ScramCredentials> = new Map([
  ["alice@example.com", await scramCredentials("wonderland", { hash: "SHA-256" })],
]);

/** Compared with where there is no such user, so that nobody can tell by the time it takes. */
const nobody: ScramCredentials = await scramCredentials(crypto.randomUUID(), { hash: "SHA-256" });

async function isPassword(username: string, given: string): Promise<boolean> {
  const { hash, salt, iterations, storedKey } = users.get(username) ?? nobody;
  const shown = await scramCredentials(given, { hash, salt, iterations });
  return timingSafeEqual(Buffer.from(shown.storedKey), Buffer.from(storedKey)) && users.has(username);
}

const app: Postern<MailEnv> = new Postern();

app.auth(password(isPassword));
app.auth("SCRAM-SHA-256", scram((user) => users.get(user)));

// What the app needs it asks for itself: without this line, a forgotten flag would let in anybody.
app.use(requireAuth());
app.use(senderMatchesUser());

app.deliver("*", (c) => {
  // As JSON, in which no control character reaches the terminal.
  const subject = JSON.stringify(c.var.mail.headers.get("subject"));
  console.log(`${c.var.user} writes to ${JSON.stringify(c.var.recipient.address)}: ${subject}`);
  return c.text("On its way");
});

export default app;
