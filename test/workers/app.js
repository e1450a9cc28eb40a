/** What the workers of the tests serve; the greeting tells which of them it is. In JavaScript: Node starts faster so. */

import { appendFileSync } from "node:fs";
import process from "node:process";
import { password, Postern, reply } from "postern";

const app = new Postern();
const taken = process.env["TAKEN"] ?? "/dev/null";
let refusals = 0;

app.connect((c) => c.text(`pid ${process.pid}`));
app.get("/own", (c) => c.text("the app's own"));
app.auth(password((user, secret) => user === "alice" && secret === "wonderland"));
app.deliver(":user@example.com", (c) => {
  const user = c.req.param("user");
  if (user === "late" && refusals++ === 0) return reply(451, "4.2.1", "Not yet");
  appendFileSync(taken, `${user}\n`);
  return c.text(`pid ${process.pid}`);
});

export default app;
