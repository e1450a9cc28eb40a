/** The worker that workerd runs: the app as it would be deployed. */

import { email, type EmailWorkerHandler } from "postern/cloudflare";
import app from "./app.ts";

app.get("/healthz", (c) => c.text("ok"));

const worker: { email: EmailWorkerHandler; fetch: typeof app.fetch } = { email: email(app), fetch: app.fetch };

export default worker;
