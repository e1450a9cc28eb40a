import { Postern } from "postern";

const app: Postern = new Postern();

app.rcpt("closed@example.com", (c) => c.body(null, 404));
app.deliver("bad@example.com", () => {
  throw new TypeError("the handler's own fault\nin two lines");
});
app.deliver("stray@example.com", (c) => {
  Promise.reject(new Error("nobody waits for this"));
  return c.body(null, 204);
});
app.deliver(":user@example.com", (c) => c.text(`thanks from ${c.req.param("user")}, ${c.var.mail.size > 0}`));

export default app;
