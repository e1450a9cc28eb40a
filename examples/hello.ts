/**
 * The smallest app: takes mail for one address and says what came.
 *
 *     postern serve examples/hello.ts
 */

import { Postern } from "postern";

const app: Postern = new Postern();

app.deliver("hello@example.com", async (c) => {
  const { from, subject } = await c.var.mail.parse();
  // As JSON, in which no control character of a stranger's reaches the terminal.
  console.log(`${JSON.stringify(from?.text ?? "somebody")} says: ${JSON.stringify(subject ?? "nothing")}`);
  return c.text("Hello to you, too");
});

export default app;
