/**
 * A command of your own: XTICKET hands out a ticket number to whoever knows the answer to a question.
 *
 *     C: XTICKET printer
 *     S: 334 What is 6 times 7?
 *     C: 42
 *     S: 250-2.0.0 Ticket for printer opened
 *     S: 250 2.0.0 It has the number 1
 *
 * Serve it with `postern serve examples/custom-command.ts`.
 */

import { Postern, reply } from "postern";

const app: Postern = new Postern();
let tickets = 0;

// EHLO tells of the command: the first line is the greeting, each further one an extension.
app.helo((c) => c.text("at your service\nXTICKET"));

app.command("XTICKET", async (c) => {
  const { argument, prompt } = c.var;
  if (argument === "") return reply(501, "5.5.4", "Syntax: XTICKET subject");
  const answer = await prompt(reply(334, "", "What is 6 times 7?"));
  if (answer !== "42") return reply(550, "5.7.1", "That is not it");
  return reply(250, "2.0.0", [`Ticket for ${argument} opened`, `It has the number ${++tickets}`]);
});

// VRFY, EXPN, HELP and NOOP can have answers of your own, too.
app.command("HELP", () => reply(214, "2.0.0", ["XTICKET subject", "opens a ticket"]));

app.deliver("support@example.com", (c) => c.text("Thanks"));

export default app;
