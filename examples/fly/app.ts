/**
 * The mail of one domain, for Fly.io: whatever comes to port 25 is handed to an HTTP function, and programs of your own
 * may log in on ports 465 and 587. What differs from one installation to another is in the environment (fly.toml has
 * the plain values, `fly secrets` the others).
 */

import process from "node:process";
import { timingSafeEqual } from "hono/utils/buffer";
import { password, Postern } from "postern";
import { forward } from "postern/forward";

const { MAIL_DOMAIN, FUNCTION_URL, FUNCTION_SECRET, LOGIN_USER, LOGIN_PASSWORD } = process.env;

const app: Postern = new Postern();

app.deliver(
  `*@${required("MAIL_DOMAIN", MAIL_DOMAIN)}`,
  forward(required("FUNCTION_URL", FUNCTION_URL), {
    secret: required("FUNCTION_SECRET", FUNCTION_SECRET),
    // For a trial on your own machine only.
    allowPrivate: process.env["FUNCTION_IS_PRIVATE"] === "1",
  }),
);

// Without a user AUTH is not offered, and nobody gets past it on 465 and 587.
if (LOGIN_USER && LOGIN_PASSWORD) {
  app.auth(password(async (user, secret) => {
    const isSecret = await timingSafeEqual(secret, LOGIN_PASSWORD);
    return isSecret && user === LOGIN_USER;
  }));
}

function required(name: string, value: string | undefined): string {
  if (value) return value;
  throw new Error(`${name} is not set: fly.toml and \`fly secrets set\` are the places for it`);
}

export default app;
