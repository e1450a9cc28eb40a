/** The same app file under Postern and under the email worker's contract. */

import { describe, expect, test } from "bun:test";
import type { EmailExportedHandler, ExportedHandler } from "@cloudflare/workers-types";
import { Postern, reply } from "postern";
import { email, type ForwardableEmailMessageLike } from "postern/cloudflare";
import { send } from "postern/testing";
import { readMail } from "../mail/check.ts";
import app from "./app.ts";
import { byContract } from "./contract.ts";
import { doorMessages, type Outcome } from "./messages.ts";

// Cloudflare's own types take what email() makes.
const _typed: EmailExportedHandler = email(app);
const _module: ExportedHandler = { email: email(app) };
void [_typed, _module];

/** What SMTP answered, in the same words. */
async function bySmtp(message: typeof doorMessages[number]): Promise<Outcome> {
  const { from, to, parameters } = message;
  const options = parameters === undefined ? {} : { parameters };
  const result = await send(app, { from, to, data: readMail(message.name), ...options });
  const replies = [result.mail, ...result.rcpt, ...result.data === undefined ? [] : [result.data]];
  const refusal = replies.find(({ code }) => code >= 300);
  if (refusal === undefined) return { outcome: "taken" };
  if (refusal.code < 500) return { outcome: "later" };
  return { outcome: "refused", text: refusal.lines.join(" ") };
}

describe("twelve messages", () => {
  test("are twelve", () => expect(doorMessages).toHaveLength(12));

  test.each(
    doorMessages.map((message) => [`${message.name} from <${message.from}> to ${message.to}`, message] as const),
  )(
    "%s",
    async (_, message) => {
      const data = readMail(message.name);
      const { work: _work, ...worker } = await byContract(email(app), { ...message, data });
      expect(worker.outcome).toBe(message.outcome);
      expect(worker).toEqual(await bySmtp(message));
    },
  );
});

const mail = { from: "alice@example.org", to: "bob@example.com", data: readMail("plain") };

test("work that goes on is told to the platform, with the message still readable", async () => {
  expect(await byContract(email(app), mail)).toEqual({ outcome: "taken", work: 1 });
});

test("the platform's bindings are c.env, its message is at hand, and no client is made up", async () => {
  const seen: unknown[] = [];
  const other = new Postern<{ Variables: { emailMessage: ForwardableEmailMessageLike } }>();
  other.deliver("*", (c) => {
    seen.push(Reflect.get(c.env as object, "BINDING"), c.var.emailMessage.rawSize, c.var.session.remote.address);
    seen.push(c.var.mail.headers.get("return-path"), c.var.mail.headers.getAll("received").length);
    return c.body(null, 204);
  });
  await byContract(email(other), { ...mail, data: readMail("plain") });
  expect(seen).toEqual([1, mail.data.length, "", "<alice@example.org>", 0]);
});

test("a bare function and a Hono app serve as well; several lines become one", async () => {
  expect(await byContract(email(() => new Response("No", { status: 550 })), mail)).toMatchObject({ text: "No" });
  const several = new Postern();
  several.deliver("*", () => reply(550, "5.7.1", ["No", "thanks"]));
  expect(await byContract(email(several), mail)).toMatchObject({ outcome: "refused", text: "No thanks" });
});

test("a handler that hangs is given up, and the sender tries again", async () => {
  const hanging = new Postern();
  hanging.deliver("*", () => new Promise<Response>(() => {}));
  expect(await byContract(email(hanging, { handlerTimeout: 100 }), mail)).toMatchObject({ outcome: "later" });
});

test("a handler may have as long as it takes", async () => {
  const slow = new Postern();
  slow.deliver("*", async (c) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return c.body(null, 204);
  });
  for (const handlerTimeout of [2 ** 31, Infinity]) {
    expect(await byContract(email(slow, { handlerTimeout }), mail)).toMatchObject({ outcome: "taken" });
  }
});
