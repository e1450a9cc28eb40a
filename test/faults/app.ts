/**
 * The app of the tests that signal, starve and kill a server. It writes the id of each message that it took into the
 * file that `TAKEN` names, before it says so: what was answered 250 is there, whatever becomes of the process.
 */

import { appendFileSync, closeSync, existsSync, openSync } from "node:fs";
import process from "node:process";
import { password, Postern } from "postern";
import { forward } from "postern/forward";

const app: Postern = new Postern();
const eaten: number[] = [];

app.auth(password((user, secret) => user === "alice" && secret === "wonderland"));
/** Opens files until there are no more to be had, and gives them back. */
app.command("XEAT", (c) => {
  try {
    while (eaten.length < 10_000) eaten.push(openSync("/dev/null", "r"));
  } catch {
    // That was the last one.
  }
  return c.text(`${eaten.length} files`);
});
app.command("XFREE", (c) => {
  for (const file of eaten.splice(0)) closeSync(file);
  return c.body(null, 204);
});
app.deliver("hang@:domain", () => new Promise<Response>(() => {}));
/** Takes its time until somebody makes the file. */
app.deliver("held@:domain", async (c) => {
  while (!existsSync(`${process.env["TAKEN"]}.now`)) await new Promise((resolve) => setTimeout(resolve, 20));
  take(c.var.mail.headers.get("x-id"));
  return c.body(null, 204);
});
/** Is at it for a moment before it has taken the message, and for another one before it says so. */
app.deliver("brief@:domain", async (c) => {
  await new Promise((resolve) => setTimeout(resolve, 10));
  take(c.var.mail.headers.get("message-id"));
  await new Promise((resolve) => setTimeout(resolve, 10));
  return c.body(null, 204);
});
if (process.env["FUNCTION"] !== undefined) {
  app.deliver("forwarded@:domain", forward(process.env["FUNCTION"], { allowPrivate: true }));
}
app.deliver("*", (c) => {
  take(c.var.mail.headers.get("x-id"));
  return c.body(null, 204);
});

function take(id: string | undefined): void {
  const file = process.env["TAKEN"];
  if (file !== undefined) appendFileSync(file, `${id}\n`);
}

export default app;
