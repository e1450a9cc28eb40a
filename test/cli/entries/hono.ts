import { Hono } from "hono";
import type { MailEnv } from "postern";

const app: Hono<MailEnv> = new Hono<MailEnv>();
app.post("/deliver/example.com/:local", (c) => c.text(`thanks from ${c.req.param("local")}, true`));

export default app;
