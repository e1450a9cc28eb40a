/**
 * The smallest app: takes mail for one address and says what came.
 *
 *     postern serve examples/hello.ts
 */

import { Postern } from "postern";

const app: Postern = new Postern();

app.deliver("hello@example.com", async (c) => {
  const { from, subject } = await c.var.mail.parse();
  console.log(`${from?.text ?? "somebody"} says: ${subject ?? "nothing"}`);
  return c.text("Hello to you, too");
});

export default app;
