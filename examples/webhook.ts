/**
 * A whole domain's mail, handed to a web application: one signed POST of JSON for each recipient. Its answer is the
 * reply: 2xx takes the message; 4xx refuses it, but for 401, 407, 408, 425 and 429; these, 5xx and none at all let the
 * sender try again. SMTP's own codes, as 450 or 550, are taken at their word.
 *
 *     WEBHOOK_URL=https://app.example/inbound WEBHOOK_SECRET=whsec_… postern serve examples/webhook.ts
 *
 * `postern forward` does the same without code.
 */

import process from "node:process";
import { Postern } from "postern";
import { forward } from "postern/forward";

/** For trying it out on one machine; make your own by `echo "whsec_$(openssl rand -base64 32)"`. */
const trial = { url: "http://127.0.0.1:8787/inbound", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=" };

const { WEBHOOK_URL = trial.url, WEBHOOK_SECRET = trial.secret } = process.env;
// Where mail goes is this file's decision, never a sender's: then a private address is fine.
const hand = forward(WEBHOOK_URL, { secret: WEBHOOK_SECRET, format: "json", allowPrivate: true });

const app: Postern = new Postern();

app.deliver("*@example.com", async (c) => {
  const answer = await hand(c);
  console.log(`${c.var.recipient.address}: ${WEBHOOK_URL} answered ${answer.status}`);
  return answer;
});

export default app;
